"""Handlers for awslambdaric."""

import os


def request_id(event, context):
    return context.aws_request_id


def failing(event, context):
    raise ValueError("this function always fails")


def environment(event, context):
    return sorted(os.environ)
