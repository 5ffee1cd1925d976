"""The project's own Kubernetes lab: three real nodes on one machine, to break, to alert on and to mend."""
