"""What a run leaves on disk: its record, metric log, sample grids, snapshots and checkpoints, all through one seam."""
