"""What stands between a commit and a judged release: the gates, the summary for a reviewer, the promotion in Git."""
