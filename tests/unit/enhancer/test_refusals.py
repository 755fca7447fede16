"""A model that will not is understood in the languages that people write in."""

import re

import pytest

from services.enhancer.domain.refusals import REFUSALS
from services.enhancer.domain.suspicions import _plain, suspicion

ALONE = (
    *("I can't edit the sky.", "I won't make it blue.", "I must decline.", "I’m afraid it stays."),
    *("Sorry, the sky stays.", "My apologies.", "Unfortunately it stays grey."),
    *("As an AI, no.", "This language model keeps the sky.", "We are unable to edit the sky."),
    *("We cannot assist.", "The sky cannot be processed.", "It goes against our policies."),
    "This request cannot be carried out because it would show her naked.",
    "The request to make her naked was declined.",
    *("Je ne suis pas en mesure de le faire.", "Je regrette, le ciel reste.", "Désolée, non."),
    *("Malheureusement, non.", "Ce n’est pas possible.", "En tant qu'IA, non."),
    *("Ich kann den Himmel nicht ändern.", "Das kann ich so nicht tun.", "Es tut mir leid."),
    *("Leider bleibt er grau.", "Es ist mir nicht möglich.", "Als KI bleibe ich dabei."),
    *("No puedo hacerlo.", "Lo lamento.", "El cambio no se puede realizar.", "No es posible."),
    *("Lamentablemente queda gris.", "Não posso fazer isso.", "Desculpe.", "Lamento, mas não."),
    *("Infelizmente fica assim.", "Não é possível.", "Non posso farlo.", "Mi dispiace."),
    *("Purtroppo resta grigio.", "Non è possibile.", "Ik kan de lucht niet blauw maken."),
    *("Helaas blijft hij grijs.", "Nie mogę tego zrobić.", "Przepraszam.", "Przykro mi."),
    *("Niestety zostaje szare.", "Я не могу.", "Извините.", "К сожалению, нет."),
    *("抱歉。", "对不起。", "我不能这样做。", "无法完成。", "作为一个助手。"),
    *("申し訳ない。", "空を青くすることはできません。", "空を青くすることはできかねます。"),
    *("죄송합니다.", "그것은 할 수 없습니다.", "عذرًا.", "لا يمكنني ذلك."),
)
"""Each says it in one way alone."""


def ways_of(text: str) -> list[str]:
    return [way for way in REFUSALS if re.search(way, _plain(text))]


@pytest.mark.parametrize("text", ALONE)
def test_a_refusal_is_understood_by_a_single_sign(text: str):
    assert suspicion(text, written="") == "refusal"
    assert len(ways_of(text)) == 1


@pytest.mark.parametrize("way", REFUSALS)
def test_every_way_is_needed_for_some_refusal(way: str):
    assert [way] in [ways_of(text) for text in ALONE]


@pytest.mark.parametrize(
    "text",
    [
        "Leider ist es mir nicht möglich, den Himmel blau zu machen.",
        "Désolé, je ne suis pas en mesure de rendre le ciel bleu.",
        "Lo lamento, el cambio del cielo no se puede realizar.",
        "I’m sorry, but I can’t help with that.",
        "\"I'm sorry, I can't make the sky blue.\"",
        "I can\u200dnot edit the sky.",
    ],
)
def test_a_refusal_of_many_words_is_one_too(text: str):
    assert suspicion(text, written="") == "refusal"


@pytest.mark.parametrize(
    "text",
    [
        'Change the sign so that it reads "Sorry, we are closed".',
        "Schreibe „Leider nicht möglich“ auf das Schild.",
        "Écris « Désolé, je ne peux pas » sur le tableau.",
        "看板に「できません」と書いてください。",
        'Write "I can\'t even" on the shirt.',
        "Rends le paysage désolé et gris.",
        "Make the sky an edit of blue, so that nothing is denied its colour.",
        "Blur the faces so that they cannot be recognised.",
        "Mach den Himmel blau, aber nicht zu dunkel.",
        "Haz que la casa no se vea.",
        "空を青くして、雲はそのままにしてください。",
    ],
)
def test_an_instruction_that_only_sounds_like_one_is_used(text: str):
    assert suspicion(text, written="") is None
