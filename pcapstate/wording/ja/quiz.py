"""The quiz, in Japanese."""

from __future__ import annotations

QUIZ = {
    "What state is the {end} in after packet #{number}?": "パケット #{number} の後、{end}はどの状態ですか。",
    "Which packet comes next, if nothing is lost?": "何も失われなければ、次に来るのはどのパケットですか。",
    "Packet #{number} is a retransmission. Which packet was lost, or not acknowledged?": (
        "パケット #{number} は再送です。失われたか、確認応答されなかったのはどのパケットですか。"
    ),
    "Which state?": "どの状態?",
    "Answers": "解答",
    "No choice is {text}: type its letter.": "{text} という選択肢はありません。記号を入力してください。",
    "Right: {answer}": "正解: {answer}",
    "No: {answer}": "不正解。正しくは {answer}",
    "arrows and Enter, or type an answer; ?: hint, Ctrl-C: end": (
        "矢印キーと Enter で選ぶか、答えを入力。?: ヒント、Ctrl-C: 終了"
    ),
    "Hint: {end}: {cause}": "ヒント: {end}: {cause}",
    "No question was answered.": "答えた問題はありません。",
    "{right} of {asked} right, and {helped} more with a hint.": (
        "{asked} 問中 {right} 問正解、ほかにヒントを使って {helped} 問正解。"
    ),
    "Look again at:": "もう一度見ておくもの:",
    "the questions are about connection {number} of {count:,}; --connection N chooses": (
        "{count:,} 個の接続のうち、接続 {number} について出題しました (--connection N で選択)"
    ),
    "the packets of connection {number} leave nothing to ask": "接続 {number} のパケットから出題できる問題はありません",
}
"""The Japanese for each English text."""
