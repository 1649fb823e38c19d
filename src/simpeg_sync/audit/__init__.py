"""What auditors, and the people themselves, are shown of the trail."""
