"""The face for whoever looks for something at a well-known place: answers to the challenges of authorities."""
