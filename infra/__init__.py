"""The CloudFormation template, in Python: `scheduler_stack` puts the parts together in the order of the journey."""
