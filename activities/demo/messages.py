"""What is written and said in the demo. Each thread is a believable conversation, cut off where a story ends."""

from __future__ import annotations

from dataclasses import dataclass

IN, OUT = "inbound", "outbound"


@dataclass(frozen=True)
class Message:
    """One turn. Texts have places for ``first``, ``agent``, ``address``, ``town``, ``price`` and ``bedrooms``."""

    direction: str
    kind: str
    body: str
    subject: str = ""


BUYING = (
    (
        Message(
            IN,
            "email",
            "Hello,\n\nwe saw {address} on your website and would love to know whether it is still available. We are a "
            "family of four and need {bedrooms} bedrooms. Our budget is around {price}.\n\nBest,\n{first}",
            "Is {address} still available?",
        ),
        Message(
            OUT,
            "email",
            "Hi {first},\n\nit is, and it shows beautifully in the morning. I have Thursday at 10:30 or Saturday at 11 "
            "free for a visit. Would one of these suit you?\n\nKind regards,\n{agent}",
            "Re: Is {address} still available?",
        ),
        Message(IN, "sms", "Saturday at 11 works for us! Is there parking nearby? {first}"),
        Message(
            OUT, "sms", "Perfect. Yes, two spaces behind the house, entrance from the lane. See you there! {agent}"
        ),
        Message(
            IN,
            "email",
            "Hi {agent},\n\nthank you for taking so much time on Saturday. We slept on it and we keep coming back to that "
            "kitchen. What would a realistic offer be?\n\n{first}",
            "After the visit",
        ),
        Message(
            OUT,
            "email",
            "Hi {first},\n\nthe last three sales on the street closed between 97 and 101 percent of the asking price. I "
            "would begin at {price} with a short inspection period. I attached the comparison; call me when you have "
            "read it.\n\n{agent}",
            "Re: After the visit",
        ),
        Message(OUT, "call", "Went through the comparison together. They want to offer this week."),
    ),
    (
        Message(
            IN,
            "whatsapp",
            "Hi! Is the house on {address} the one with the blue door? We walked past it yesterday and fell in love a bit.",
        ),
        Message(
            OUT,
            "whatsapp",
            "Hi {first}, that is the one. {bedrooms} bedrooms and a garden to the south. Want to see it?",
        ),
        Message(IN, "whatsapp", "Yes please!! After work would be best, we both finish at five."),
        Message(OUT, "whatsapp", "Wednesday 17:45 at the front gate? I will bring the floor plan."),
        Message(IN, "whatsapp", "Great, thank you {agent} 🙂"),
    ),
    (
        Message(
            IN,
            "email",
            "Good afternoon,\n\nI am relocating for work in the autumn and looking for something with {bedrooms} bedrooms in "
            "{town}, up to {price}. I can fly in for two days of viewings. Could you put a short list together?\n\n"
            "Thank you,\n{first}",
            "Relocating to {town}",
        ),
        Message(
            OUT,
            "email",
            "Dear {first},\n\nwith pleasure. Attached are six homes that fit, two of them not listed yet. Tell me which ones "
            "you like and I will arrange the visits back to back.\n\nWarm regards,\n{agent}",
            "Re: Relocating to {town}",
        ),
        Message(IN, "call", "Likes numbers 2 and 5. Flies in on the 14th, wants to meet the lender too."),
        Message(OUT, "sms", "Hi {first}, both visits are confirmed for the 14th, first one at 9:30. {agent}"),
    ),
)
SELLING = (
    (
        Message(
            IN,
            "email",
            "Hello,\n\nwe are thinking of selling our house at {address}. The children have moved out and it has become too "
            "big. Could someone come by and tell us what it is worth?\n\n{first}",
            "Valuation of {address}",
        ),
        Message(
            OUT,
            "email",
            "Dear {first},\n\nthank you for thinking of us. I could come on Tuesday at 15:00 and would need about an hour. If "
            "you have the survey and last year's bills at hand, even better.\n\n{agent}",
            "Re: Valuation of {address}",
        ),
        Message(OUT, "call", "Confirmed Tuesday. Roof was redone four years ago, boiler is original."),
        Message(
            OUT,
            "email",
            "Dear {first},\n\nhere is the valuation. I would list at {price} and expect offers within five weeks. Photographs "
            "could be taken next Friday, when the forecast is kind.\n\n{agent}",
            "Your valuation",
        ),
        Message(IN, "sms", "We talked it over, let's do it. Friday is fine for the photos. {first}"),
    ),
    (
        Message(IN, "call", "Wants to sell {address} before the winter. Asked about our fee and how long it takes."),
        Message(
            OUT,
            "email",
            "Hi {first},\n\ngood to speak to you. As promised: our fee, a sample contract and three homes we sold in {town} "
            "this year.\n\n{agent}",
            "What we talked about",
        ),
        Message(
            IN,
            "email",
            "Thank you, that is very clear. We will decide by the end of the month.\n\n{first}",
            "Re: What we talked about",
        ),
    ),
)
RENTING = (
    (
        Message(IN, "sms", "Hi, is the {bedrooms} bed flat on {address} still free? Can move in on the 1st. {first}"),
        Message(
            OUT,
            "sms",
            "Hi {first}, it is! {price} a month, heating included. Can you come by tomorrow at 18:00? {agent}",
        ),
        Message(IN, "sms", "Yes! Is a small dog ok?"),
        Message(OUT, "sms", "The owner says yes to small dogs. See you tomorrow."),
        Message(
            OUT,
            "email",
            "Hi {first},\n\nhere is the application. We need proof of income and one reference; most people finish it in ten "
            "minutes.\n\n{agent}",
            "Application for {address}",
        ),
        Message(
            IN,
            "email",
            "Hi {agent},\n\nall filled in. Thank you for being so quick!\n\n{first}",
            "Re: Application for {address}",
        ),
    ),
    (
        Message(
            IN,
            "whatsapp",
            "Hello, I'm looking for a flat share or studio in {town}, up to {price}. Anything coming up?",
        ),
        Message(
            OUT, "whatsapp", "Hi {first}, one studio gets free next month. I'll send pictures as soon as I have them."
        ),
        Message(IN, "whatsapp", "That would be amazing, thanks!"),
    ),
)
LETTING = (
    (
        Message(
            IN,
            "email",
            "Hello,\n\nmy tenants at {address} are leaving at the end of next month. Could you find new ones and look after "
            "the handover? The rent was {price}.\n\n{first}",
            "New tenants for {address}",
        ),
        Message(
            OUT,
            "email",
            "Dear {first},\n\ncertainly. I will have the listing ready on Monday. After a fresh coat of paint I would ask for a "
            "little more.\n\n{agent}",
            "Re: New tenants for {address}",
        ),
        Message(OUT, "call", "Two good applicants. Owner prefers the couple with the longer lease."),
    ),
)
WORKING_TOGETHER = (
    (
        Message(
            OUT,
            "email",
            "Hello {first},\n\nwe have a handover at {address} next week and could use your help. Are you free on Wednesday?\n\n"
            "{agent}",
            "Wednesday at {address}?",
        ),
        Message(
            IN,
            "email",
            "Hi {agent},\n\nWednesday morning is fine. Same rate as last time.\n\n{first}",
            "Re: Wednesday at {address}?",
        ),
        Message(IN, "sms", "All done at {address}, keys are in the box."),
    ),
)

NOTES = (
    "Prefers calls after 17:00.",
    "Has an e-mail for everything, read before calling.",
    "Met at the open house in {town}. Friendly, in no hurry.",
    "Needs a ground floor or a lift.",
    "Pre-approved with a local lender, letter on file.",
    "Two cats, one piano.",
    "Wants to be within walking distance of the school in {town}.",
    "Asked about energy costs twice. Send the certificate with every listing.",
    "Moving together with a parent, needs a separate entrance.",
    "Speaks little English, writes it well.",
    "Referred two friends already. Send a card in December.",
    "Would rather wait for the right garden than for the right price.",
    "Sold through us before; knows how it works.",
)
ACTIVITY_NOTES = (
    "Left a message, will try again tomorrow.",
    "Budget went up a little after talking to the bank.",
    "Saw three homes, liked the second. The third was too dark.",
    "Wants a second opinion on the roof.",
    "Waiting for the partner to come back from travelling.",
    "Sent a neighbourhood guide for {town}.",
    "Asked for comparable sales around {address}.",
    "Very organised: came with a list and ticked it off.",
)
CALLS = (
    "Talked about what matters most: light, quiet and a short way to work.",
    "Went through open questions on {address}.",
    "Checked in after the visit, still interested.",
    "Explained the next steps and the costs that come with them.",
    "Short call, agreed to speak again next week.",
)
MEETINGS = (
    "Coffee to go through the options",
    "Signing at the office",
    "First meeting, needs and budget",
    "Review of the offer",
)
TASKS = (
    "Send comparable sales",
    "Follow up on the lender's letter",
    "Ask the owner about the garage",
    "Order the inspection",
)
