"""The run log on disk: written while a run goes on, read when its process is gone."""
