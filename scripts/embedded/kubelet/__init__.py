"""The kubelet: runs the pods of the one node as processes of this machine."""
