"""智能导办: from what somebody wants to ranked ways of having it done. Pure: a hall's state in, options out.

A guide, which is another system, says which matters it believes somebody has and how sure it is; `route`
answers with windows, self-service, appointments and other channels, each with its wait and its reasons.
"""
