"""Notifications: rules over the logs of the mesh, in the application and outside it."""
