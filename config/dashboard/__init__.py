"""The frame of the agents' dashboard: who may enter, what they may do, and how a page writes. It knows no resource."""
