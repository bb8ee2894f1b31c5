"""A long run of all calls against the service, in good and in bad weather, in which every answer is checked.

    python -m tools.soak

INVOCATIONS calls go through the Lambda handler, one at a time, and as many through a threaded server with CLIENTS
clients. SEED decides the calls and the weather, WEATHER names the weather to play, and JSON names a file for the
report. The exit status is 1 if anything was wrong.
"""
