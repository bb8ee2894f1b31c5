"""Where comics are kept: in memory and in a DynamoDB table."""
