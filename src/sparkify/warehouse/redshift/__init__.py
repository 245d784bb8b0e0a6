"""The warehouse in the cloud: Amazon Redshift Serverless, reached through its Data API."""
