def handler(event, context):
    if event == "ready?":
        return "yes"
    if event["name"] == "nobody":
        raise ValueError("nobody is not a name")
    return {"greeting": f"Hello, {event['name']}!"}
