"""Files that are whole or absent: `ids` (a row is its content), `retries` (where storage stumbles), `places` (local paths and fsspec
URLs), `tables` (one Parquet file), `records` (one JSON file), `parts` (a folder whose manifest says what is finished), `owner` (one
process works in a folder at a time), `copies` (what lies at a URL as local files)."""
