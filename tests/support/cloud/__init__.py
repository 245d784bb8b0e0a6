"""A local stand-in for AWS: one HTTP server for S3, IAM, CloudFormation and Redshift Serverless."""
