"""Stand-ins for those who call humans: PagerDuty, Slack, a webhook and a mail server.

They are not the services. Each checks what it is sent against the vendor's published format, answers as that says, and
keeps what arrived. The lab runs them as programs (``python -m lab.standins``), unit tests start the same classes in
their own process. Standard library only.
"""
