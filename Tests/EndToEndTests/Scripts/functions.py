"""Handlers for awslambdaric."""

import logging
import os
import sys


def request_id(event, context):
    return context.aws_request_id


def failing(event, context):
    raise ValueError("this function always fails")


def environment(event, context):
    return sorted(os.environ)


def printing(event, context):
    print("to standard output")
    print("to standard error", file=sys.stderr)
    logging.getLogger().error("through logging")
    print("the last line", end="")
    return event


def logging_only(event, context):
    logging.getLogger().error("through logging")
    return event


def seen(event, context):
    print("what the function prints")
    client = context.client_context
    return {"request_id": context.aws_request_id, "custom": client.custom if client else None}


def noting(event, context):
    with open(event["file"], "a") as notes:
        notes.write(context.aws_request_id + "\n")


def trace(event, context):
    return os.environ.get("_X_AMZN_TRACE_ID")
