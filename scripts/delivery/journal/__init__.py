"""What a release has done and is about to do, written on the cluster before it is done."""
