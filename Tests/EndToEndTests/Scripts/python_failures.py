"""Handlers for awslambdaric that fail, and one that tells what it was given."""

import sys


def sized(event, context):
    return "x" * event["size"]


def failing(event, context):
    raise ValueError("x" * event["size"])


def exiting(event, context):
    if event["exits"]:
        sys.exit(3)
    return event


def told(event, context):
    return {
        "id": context.aws_request_id,
        "name": context.function_name,
        "version": context.function_version,
        "arn": context.invoked_function_arn,
        "memory": context.memory_limit_in_mb,
        "group": context.log_group_name,
        "stream": context.log_stream_name,
        "custom": context.client_context.custom if context.client_context else None,
        "remaining": context.get_remaining_time_in_millis(),
    }
