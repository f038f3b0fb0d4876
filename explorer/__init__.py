"""The desktop front end: draws what the engine tells and posts what the hands ask for."""
