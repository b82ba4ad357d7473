"""The words by which `features` tells what a question wants and what it takes, as patterns.

Invariant: every pattern is matched in time in proportion to the text (no nested repetition without a bound).
"""

from __future__ import annotations

import re


def any_of(phrases: str) -> re.Pattern[str]:
    """Any of some phrases, which `;` separates, as whole words, in any case."""
    listed = "|".join(phrase.strip() for phrase in phrases.split(";"))
    return re.compile(rf"\b(?:{listed})\b", re.IGNORECASE)


def near(first: str, second: str) -> re.Pattern[str]:
    """Two of some words, with at most six others between them."""
    one, other = ("|".join(each.strip() for each in phrases.split(";")) for phrases in (first, second))
    return re.compile(rf"\b(?:{one})\b(?:\W+\w+){{0,6}}?\W+(?:{other})\b", re.IGNORECASE)


WORD = re.compile(r"[^\W_]+(?:['’][^\W_]+)?")
STOP = re.compile(r"[.!?](?=\s|$)")
IDEOGRAPH = re.compile("[\u3040-\u9fff\uac00-\ud7af]")

# --- what kind of thing is wanted ---

CODE = near(
    "write; implement; complete; fix; debug; refactor; optimi[sz]e",
    "functions?; programs?; scripts?; class; methods?; code; regex; regular expression; quer(?:y|ies); algorithms?",
)
PROGRAM = re.compile(r"^[ \t]*(?:```|def \w+\(|class \w+|#include|function \w+\()", re.MULTILINE)
WRITING = near(
    "write; compose; draft; create; invent; make up; tell (?:me|us); give (?:me|us); come up with; pen",
    "poems?; stor(?:y|ies); tales?; rhymes?; haikus?; limericks?; sonnets?; songs?; lyrics; verses?; letters?;"
    "e-?mails?; essays?; articles?; blog; posts?; speech; speeches; toasts?; slogans?; taglines?; headlines?;"
    r"captions?; advert\w*; descriptions?; paragraphs?; dialogues?; scenes?; jokes?; reviews?; introductions?;"
    "invitations?; messages?; tweets?; greetings?; eulog(?:y|ies); reports?; press releases?; biograph(?:y|ies);"
    "fables?; riddles?; puns?; sentences?",
)
DEMANDING = any_of(
    "improve[sd]?; refine[sd]?; polish(?:ed)?; revise[sd]?; until; best possible; persuasive; convincing; must; should;"
    "at most; at least; exactly; no more than; no less than; (?:every|each|no) (?:line|word|sentence|verse);"
    "in the style of; without; include; mention; essays?; articles?; speech; press releases?; reports?; short story"
)
REWORDING = re.compile(
    r"(?:please |can you |could you )?(?:translate|rewrite|reword|rephrase|paraphrase|summari[sz]e|proofread|shorten|"
    r"simplify)\b",
    re.IGNORECASE,
)
OPEN = any_of(
    "explain; describe; discuss; define; outline; brainstorm; suggest; advi[sc]e; tips; ideas; why; your opinion;"
    "how (?:do|can|should|would|could) (?:i|you|we|one|people); how (?:does|do|is|are) (?!many|much);"
    "what (?:is|are) the (?:meaning|advantages|benefits|pros); what do you think"
)
FACT = re.compile(
    r"(?:who|whom|whose|what|when|where|which|(?:in|on|of|to|from|for|by|with) (?:which|what|whom)|name|"
    r"how (?:many|much|long|far|old|tall|high|deep|big|large|fast|heavy))\b",
    re.IGNORECASE,
)
YES_NO = re.compile(
    r"(?:is|are|was|were|do|does|did|can|could|would|will|should|has|have|had|may|might|must)(?:n['’]t)?\s\w",
    re.IGNORECASE,
)

# --- what it takes ---

COUNTDOWN = any_of(
    "game of 24; each (?:number |of them |one )?(?:exactly |only )?once; countdown;"
    "all (?:the |of the )?(?:four |given )?numbers; (?:make|reach|get|obtain) (?:exactly )?24"
)
GUESSWORK = any_of("crosswords?; word squares?; acrostics?; word ladders?")
JUDGEMENT = any_of(
    r"sarcas\w*; ironic; humou?rous; funn(?:y|ier); plausible; sentiment; tone; polite(?:ness)?; rude; offensive;"
    "formal or informal; grammatical(?:ly)?; adjective order; similar to; positive or negative; spam; toxic; emotions?;"
    "mood; best (?:describes|summari[sz]es|fits); synonyms?; antonyms?"
)
LOGIC = any_of(
    "premises?; conclusions?; logically; deductive(?:ly)?; valid; invalid; entails?; implies; follows from;"
    r"tells? the truth; liars?; knaves?; if and only if; all \w+ are; no \w+ (?:is|are); some \w+ are;"
    r"every \w+ (?:is|who); given that; we know that; clues?"
)
PROCEDURE = any_of(
    "sort(?:ed)?; alphabetical(?:ly)?; ascending; descending; reverse[ds]?; count; how often; concatenate[ds]?;"
    "intersection; union; letters? (?:at|of|in); (?:first|second|third|fourth|last) letters?; digits?; parenthes[ei]s;"
    "brackets; binary; hexadecimal; primes?; average; mean; median; percent(?:age)?; sum; product of; multipl(?:y|ied);"
    "divided? by; square root; factorial; remainder; modulo; probability; equation; solve for; calculate; compute;"
    "convert; how many (?:days|weeks|hours|minutes) (?:are )?(?:between|from|until); mm/dd/yyyy;"
    "(?:days?|weeks?|months?) (?:ago|from|after|before|later|away); (?:the|this) (?:following )?sequence;"
    "turn (?:left|right|around); steps? (?:left|right|forward|backward); swaps?; switch(?:es)? places; left-?most;"
    "right-?most; graph; table; permutations?; combinations?; anagrams?; palindromes?"
)
QUANTITY = any_of(
    "how (?:many|much|long|far|old|tall|high|deep|big|large|fast|heavy|often); in total; altogether; each;"
    "what (?:is|was|will be|are) (?:the|his|her|their|its) (?:total|sum|difference|number|price|cost|area|volume|speed|"
    "distance|ratio|value)"
)
HOP = any_of(
    "than; both; by how (?:much|many); older; younger; taller; longer; larger; bigger; smaller; shorter; higher; lower;"
    r"earlier; later; fewer; difference between; between \w+(?: \w+){0,6} and; compared?; versus;"
    r"of the (?:two|three|four|five|six|seven|eight|nine|ten) \w+est; and (?:what|who|when|where|which|how);"
    r"the same; in common; first \w+ (?:who|that|which); respectively"
)
ASKING = re.compile(r"^\w{2,4} (?:which|what|whom|whose) ", re.IGNORECASE)
"""The beginning of a question, which is no relative clause: `In which …`."""
RELATIVE = re.compile(r"[a-z],? (?:who|whom|whose|that|which|where) \w", re.IGNORECASE)
GENITIVE = re.compile(r"['’]s\b|\bof the\b", re.IGNORECASE)

# --- numbers and data ---

NUMBER_WORDS = any_of(
    "two; three; four; five; six; seven; eight; nine; ten; eleven; twelve; twenty; thirty; forty; fifty; sixty;"
    "hundred; thousand; million; dozens?; half; twice; thrice; doubled?; tripled?; a third; a quarter"
)
DIGITS = re.compile(r"\d[\d,.]*\d|\d")
YEAR = re.compile(r"1[0-9]\d\d|20\d\d")
EXPRESSION = re.compile(r"\d\s*[+*×÷^=]\s*[-(]*\s*\d|\d\s+[-/−]\s+[-(]*\s*\d|\)\s*[-+*/]\s*[-(\d]|=\s*\?")
TRUTH = re.compile(r"\b(?:True|False)\b")
OPTION = re.compile(
    r"(?:^|[\s;,])\(?[A-H]\)\s+\S|^[ \t]*[-*•][ \t]+(?:yes|no|true|false|valid|invalid)[ \t]*$",
    re.MULTILINE | re.IGNORECASE,
)
ROW = re.compile(r"\[[^\[\]\n]*,[^\[\]\n]*,|\{[^{}\n]*,[^{}\n]*,|(?:\b\w{1,40}\s?[;|\t]\s?){4}")
