"""What does a verdict rest on?"""
