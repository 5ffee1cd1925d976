"""A stand-in for Cloudflare in front of a zone: a proxy that prints Cloudflare's own pages where it cannot be one.

It is not the service. What it does follows what Cloudflare documents: the statuses 520 to 526 and 530 and what each
means, Full (strict) and Flexible encryption to the origin, the headers it adds, one retry at another origin, health
checks of the origins, and the list of its networks. Standard library only.
"""
