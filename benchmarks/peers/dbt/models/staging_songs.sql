SELECT * FROM read_json_auto('{{ env_var("SPARKIFY_DATA") }}/song_data/**/*.json')
