"""Who sends a request, and what they may do: pure decisions about accounts and a policy.

Credentials ─▶ Access.identify ─▶ Identity ─▶ Access.right(document) ─▶ Right
"""
