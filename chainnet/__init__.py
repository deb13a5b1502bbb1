"""Exact chokepoint, shortfall and rerouting analysis of critical mineral supply chains."""
