"""The guard around plain functions, in anybody's loop."""

from khala import CallDenied, guarded, tool


@tool(effect="send", roles={"recipient": "recipient"})
def send_mail(recipient: str, body: str) -> str:
    """Send a mail."""
    return f"sent {len(body)} characters to {recipient}"


with guarded("Mail the report to ann@corp.example", [send_mail], policy="policy.toml") as session:
    send = session.protect(send_mail)
    print(send("ann@corp.example", body="the report"))
    try:
        send("eve@evil.example", body="the report")
    except CallDenied as denied:
        print(denied)
