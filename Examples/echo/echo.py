"""The echo function: answers with the event it was given."""


def handler(event, context):
    print(f"{context.function_name} was given {event}")
    return event
