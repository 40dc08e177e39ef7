"""tokenizers: trains small ones of every kind on a few sentences, saves their tokenizer.json, and says what each makes of every text."""

import json
import os
import struct
import sys
import unicodedata
from importlib.metadata import version

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

folder = sys.argv[1]

CORPUS = [
    "The quick brown fox jumps over the lazy dog, and the dog does not mind.",
    "A model is trained once; it is asked a thousand times, by people who want an answer now.",
    "She said: \"We're late, they've left, I'd better run!\" It wasn't true, he'll see.",
    "Ein Bäcker in Köln verkauft süße Brötchen für 2,50 €. Übermorgen schließt er.",
    "Le garçon a mangé une crème brûlée à l'hôtel; où est-il né? Déjà vu.",
    "Привет, мир! Быстрая лиса прыгает через ленивую собаку.",
    "Η γρήγορη καφέ αλεπού. ΟΔΥΣΣΕΥΣ και ΟΔΟΣ.",
    "東京は日本の首都です。今日は良い天気ですね。",
    "我们在北京学习中文,天气很好。",
    "שלום עולם. مرحبا بالعالم العربي",
    "हिन्दी में लिखा हुआ वाक्य है।",
    "In 1999 there were 365 days, 12 months and 3.14159 pies at 50% off: $9.99!",
    "def f(x):\n\treturn x ** 2  # squares\n",
    "Emoji: 😀 👍🏽 and a family.",
]

TEXTS = [
    "a", "Hello, world!", "The quick brown fox", "THE QUICK BROWN FOX", "tHe DoG's", "We're late, they've left, I'd run. He'll see; it wasn't.",
    "WE'RE", "unbelievably antidisestablishmentarianism", "state-of-the-art", "e-mail@example.com https://example.com/a?b=c&d=e#f", "...", "?!?!!", "$$$ $& $1 $`",
    "a_b __init__ snake_case", "don’t “quote” – dash — em…", "§ ± × ÷ ° ¬ ¦ ^ ~ ` | < > = + -", "50% of 3.14159 is 1,57", "1234567890", "½ ² ³ ¼ Ⅷ ⑦ ٣٤٥ १२३",
    "café naïve Ångström", "cafe\u0301 nai\u0308ve A\u030angstro\u0308m", "a\u0300\u0301\u0302\u0303 o\u0336x", "ÀÉÎÕÜ ç ñ ß ẞ ﬁ ﬀ", "İstanbul ıI", "ΟΔΟΣ ΟΔΥΣΣΕΥΣ Σ ΣΑΣ. ΑΣ'",
    "Ǆ ǅ ǆ Ά ά", "東京は日本の首都です。", "我们在北京,天气!", "한국어 텍스트 \u1112\u1161\u11ab", "カタカナ ｶﾀｶﾅ ＦＵＬＬ　ＷＩＤＴＨ", "漢\U00020000字\U0002f800\U0002b920 x\U0002b820y", "東x京y1",
    "😀", "I 👍🏽 it", "👨‍👩‍👧‍👦 family", "🇩🇪🇫🇷 flags ❤️ ✈\ufe0f", "a😀b😀😀c", "שלום עולם", "שָׁלוֹם", "مرحبا بالعالم", "مَرْحَبًا", "mixed עברית and English 123", "हिन्दी में", "नमस्ते", "ภาษาไทย",
    "  leading and trailing  ", "double  spaces   triple", "tab\tnewline\nreturn\r\nend", "\n\n\n x \t\t", "x\u00a0y\u2003z\u3000w\u2028v", "a\u0085b\u000bc\u000cd", "a\ufeffb \ufeff c", "\ufefffirst",
    "zero\u200bwidth\u200cnon\u200djoin\u00adhyphen", "nul\0inside \0", "bell\x07 esc\x1b[0m del\x7f c1\x9f", "\x01\x02\x03", "bad \ufffd char", "private \ue000 \U000f0000", "unassigned \u0378 \U0003fffd",
    "▁already ▁ meta▁space", "Ġbyte ĊlevelĠ", "##ing ## #hash", "<0x41> <0xE4>", "x" * 99, "x" * 100, "x" * 101, "ab" * 150, "é" * 120, "lorem ipsum " * 60, "日" * 80,
    "[CLS] a [SEP] b [PAD] [UNK] [MASK]", "[CLS][SEP]", "a[MASK]b [mask] [ MASK ]", "<s> x </s> <pad> <unk> <mask>", "a <mask> b<mask>c  <mask>  d", "<S>", "<s>", "<|endoftext|>", "a<|endoftext|> b", "newtoken", "a NewToken b newtokens", "[UNK]unk[UNK]",
    "", " ", "   \t\n ", "line one.\nline two.\n\nline four.", "\u2045x\u2046 ⁂ ‽ ⸘", "x²y₂ªº", "e\u0301\u0301", "\u0301", "Ω Ω K K Å Å", "。、「」!?",
]


def charsmap(rules):
    """The table of normalizers.Precompiled, as SentencePiece compiles it: size, double array, replacements that end in zero."""
    values, replacements = {}, b""
    for key, value in rules.items():
        values[key.encode()] = len(replacements)
        replacements += value.encode() + b"\0"
    units, taken, bases = {0: 0}, {0}, set()
    nodes = [(0, b"")]
    while nodes:
        at, prefix = nodes.pop()
        after = sorted({key[len(prefix)] for key in values if key.startswith(prefix) and len(key) > len(prefix)})
        wanted = after + ([0] if prefix in values else [])
        base = next(b for b in range(1, 1 << 20) if b not in bases and all(b ^ byte not in taken for byte in wanted))
        bases.add(base)
        taken.update(base ^ byte for byte in wanted)
        units[at] = units[at] | (at ^ base) << 10
        for byte in after:
            units[base ^ byte] = byte
            nodes.append((base ^ byte, prefix + bytes([byte])))
        if prefix in values:
            units[at] |= 1 << 8
            units[base] = 1 << 31 | values[prefix]
    array = b"".join(struct.pack("<I", units.get(i, 0)) for i in range(max(units) + 256))
    return struct.pack("<I", len(array)) + array + replacements


def folded():
    """Rules like those of nmt_nfkc_cf for the characters of these texts, with accents that follow letters; and one key that begins another."""
    characters = sorted({c for text in TEXTS + CORPUS for c in text if c != "\0"})
    rules = {"\t": " ", "\n": " ", "\u3000": " ", "\u200b": "", "ab": "X", "日本": "Y"}
    for key in [*characters, *(a + b for a in "aeioA" for b in "\u0300\u0301\u0308\u030a")]:
        value = unicodedata.normalize("NFKC", key).casefold()
        if value != key:
            rules.setdefault(key, value)
    return normalizers.Precompiled(charsmap(rules))


def bert_template(tokenizer, cls="[CLS]", sep="[SEP]"):
    ids = [(name, tokenizer.token_to_id(name)) for name in (cls, sep)]
    return processors.TemplateProcessing(single=f"{cls} $A {sep}", pair=f"{cls} $A {sep} $B:1 {sep}:1", special_tokens=ids)


def train(tokenizer, trainer):
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def wordpiece(normalizer, pre=None):
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.normalizer, tokenizer.pre_tokenizer, tokenizer.decoder = normalizer, pre or pre_tokenizers.BertPreTokenizer(), decoders.WordPiece()
    train(tokenizer, trainers.WordPieceTrainer(vocab_size=500, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"], show_progress=False))
    tokenizer.post_processor = bert_template(tokenizer)
    return tokenizer


def byte_level(special, prefix=False, pre=None):
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer, tokenizer.decoder = pre or pre_tokenizers.ByteLevel(add_prefix_space=prefix), decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    train(tokenizer, trainers.BpeTrainer(vocab_size=600, special_tokens=special, initial_alphabet=alphabet, show_progress=False))
    tokenizer.post_processor = processors.ByteLevel(trim_offsets=False)
    return tokenizer


def gpt2():
    return byte_level(["<|endoftext|>"])


def roberta():
    tokenizer = byte_level(["<s>", "<pad>", "</s>", "<unk>"], prefix=True)
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
    ids = {name: tokenizer.token_to_id(name) for name in ("<s>", "</s>")}
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", ids["</s>"]), ("<s>", ids["<s>"]))
    return tokenizer


def llama3():
    words = Regex(r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+")
    split = pre_tokenizers.Split(words, "isolated")
    tokenizer = byte_level(["<s>", "</s>"], pre=pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]))
    begin = processors.TemplateProcessing(single="<s>:1 $A:1", pair="<s> $A <s>:1 $B:1", special_tokens=[("<s>", tokenizer.token_to_id("<s>"))])
    tokenizer.post_processor = processors.Sequence([begin, processors.ByteLevel(trim_offsets=False)])
    return tokenizer


def unigram(normalizer=None, pre=None, special=("<s>", "<pad>", "</s>", "<unk>")):
    tokenizer = Tokenizer(models.Unigram())
    if normalizer:
        tokenizer.normalizer = normalizer
    tokenizer.pre_tokenizer, tokenizer.decoder = pre or pre_tokenizers.Metaspace(), decoders.Metaspace()
    train(tokenizer, trainers.UnigramTrainer(vocab_size=400, special_tokens=list(special), unk_token="<unk>", show_progress=False))
    tokenizer.add_special_tokens([AddedToken("<mask>", lstrip=True, special=True)])
    tokenizer.post_processor = bert_template(tokenizer, "<s>", "</s>")
    return tokenizer


def word_level(pre, normalizer=None, post=True):
    tokenizer = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre
    if normalizer:
        tokenizer.normalizer = normalizer
    train(tokenizer, trainers.WordLevelTrainer(vocab_size=400, special_tokens=["[PAD]", "[UNK]", "[CLS]", "[SEP]"], show_progress=False))
    if post:
        tokenizer.post_processor = bert_template(tokenizer)
    return tokenizer


def char_bpe(pre, normalizer=None, fuse=False, fallback=False):
    """As GPT-1's and LLaMA's: over characters, what is unknown being one token, or bytes."""
    tokenizer = Tokenizer(models.BPE(unk_token="<unk>", fuse_unk=fuse, byte_fallback=fallback))
    tokenizer.pre_tokenizer = pre
    if normalizer:
        tokenizer.normalizer = normalizer
    special = ["<unk>", "<s>", "</s>", *([f"<0x{byte:02X}>" for byte in range(256)] if fallback else [])]
    trainer = trainers.BpeTrainer(vocab_size=500 + len(special), limit_alphabet=60, special_tokens=special[:3], show_progress=False)
    train(tokenizer, trainer)
    if fallback:
        file = json.loads(tokenizer.to_str())
        for token in special[3:]:
            file["model"]["vocab"].setdefault(token, len(file["model"]["vocab"]))
        tokenizer = Tokenizer.from_str(json.dumps(file))
    return tokenizer


def with_word(tokenizer):
    """One more word that is looked for before and one that is looked for after the text is normalized."""
    tokenizer.add_tokens([AddedToken("NewToken", normalized=True), AddedToken("newtoken", normalized=False), AddedToken("Jumps Over", rstrip=True)])
    tokenizer.add_tokens([AddedToken("late", single_word=True), AddedToken("日本", single_word=True, lstrip=True, rstrip=True)])
    return tokenizer


def limited(tokenizer, *, truncate=None, pad=None):
    if truncate:
        tokenizer.enable_truncation(**truncate)
    if pad:
        tokenizer.enable_padding(**pad)
    return tokenizer


def edited(tokenizer, change):
    file = json.loads(tokenizer.to_str())
    change(file)
    return Tokenizer.from_str(json.dumps(file))


def several_tokens(tokenizer):
    """A template whose one name stands for two tokens."""
    def change(file):
        post = file["post_processor"]
        ids = [tokenizer.token_to_id(name) for name in ("[SEP]", "[CLS]")]
        post["special_tokens"]["END"] = {"id": "END", "ids": ids, "tokens": ["[SEP]", "[CLS]"]}
        post["single"].append({"SpecialToken": {"id": "END", "type_id": 1}})
    return edited(tokenizer, change)


bert = normalizers.BertNormalizer
split = pre_tokenizers.Split
MAKERS = {
    "BERT": lambda: wordpiece(bert(lowercase=True)),
    "BERT, cased": lambda: wordpiece(bert(lowercase=False)),
    "BERT, cased without accents": lambda: wordpiece(bert(lowercase=False, strip_accents=True)),
    "BERT, lower case with accents": lambda: wordpiece(bert(lowercase=True, strip_accents=False)),
    "BERT, neither cleaned nor Chinese": lambda: wordpiece(bert(clean_text=False, handle_chinese_chars=False, lowercase=True)),
    "BERT, words of its own": lambda: with_word(wordpiece(bert(lowercase=True))),
    "BERT, cut to 12": lambda: limited(wordpiece(bert()), truncate={"max_length": 12}),
    "BERT, cut to 5 from the left": lambda: limited(wordpiece(bert()), truncate={"max_length": 5, "direction": "left", "stride": 1}),
    "BERT, filled to 16": lambda: limited(wordpiece(bert()), pad={"length": 16, "pad_id": 0, "pad_token": "[PAD]"}),
    "BERT, filled to 10 and multiples of 8": lambda: limited(wordpiece(bert()), pad={"length": 10, "pad_to_multiple_of": 8}),
    "BERT, filled to multiples of 7 from the left": lambda: limited(
        wordpiece(bert()), pad={"direction": "left", "pad_to_multiple_of": 7, "pad_type_id": 1, "pad_id": 3}
    ),
    "BERT, cut and filled to 20": lambda: limited(wordpiece(bert()), truncate={"max_length": 20}, pad={"length": 20}),
    "BERT, two tokens by one name, cut to 9": lambda: limited(several_tokens(wordpiece(bert())), truncate={"max_length": 9}),
    "DistilBERT's processor": lambda: bert_processing(wordpiece(bert())),
    "WordPiece, NFD, lower case, accents": lambda: wordpiece(
        normalizers.Sequence([normalizers.NFD(), normalizers.Lowercase(), normalizers.StripAccents()]), pre_tokenizers.Whitespace()
    ),
    "WordPiece, digits and punctuation": lambda: wordpiece(
        normalizers.NFC(), pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation(), pre_tokenizers.Digits(True)])
    ),
    "GPT-2": gpt2,
    "GPT-2, cut to 8, filled to 8": lambda: limited(gpt2(), truncate={"max_length": 8}, pad={"length": 8, "pad_id": 0}),
    "RoBERTa": roberta,
    "RoBERTa, cut to 10, filled to 12": lambda: limited(
        roberta(), truncate={"max_length": 10}, pad={"length": 12, "pad_id": 1, "pad_token": "<pad>"}
    ),
    "LLaMA 3": llama3,
    "ByteLevel after digits": lambda: byte_level(
        ["<s>"], pre=pre_tokenizers.Sequence([pre_tokenizers.Digits(False), pre_tokenizers.ByteLevel(add_prefix_space=True)])
    ),
    "Unigram, Metaspace": unigram,
    "Unigram, NFKC, lower case": lambda: unigram(normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase(), normalizers.Strip()])),
    "Unigram, ALBERT's": lambda: unigram(
        normalizers.Sequence([
            normalizers.Replace("``", '"'), normalizers.Replace("''", '"'), normalizers.Replace("$", "$$&"),
            normalizers.NFKD(), normalizers.StripAccents(), normalizers.Lowercase(), normalizers.Replace(Regex(" {2,}"), " "),
        ])
    ),
    "Unigram, XLM-R's": lambda: unigram(
        normalizers.Sequence([folded(), normalizers.Replace(Regex(" {2,}"), " ")]),
        pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace()]),
    ),
    "Unigram, rules alone": lambda: unigram(folded()),
    "Unigram, words, then Metaspace": lambda: unigram(
        pre=pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Metaspace(prepend_scheme="always")])
    ),
    "Unigram, first, not split": lambda: unigram(pre=pre_tokenizers.Metaspace(prepend_scheme="first", split=False)),
    "Unigram, first": lambda: unigram(pre=pre_tokenizers.Metaspace(prepend_scheme="first")),
    "Unigram, never": lambda: unigram(pre=pre_tokenizers.Metaspace(prepend_scheme="never")),
    "Unigram, no Metaspace": lambda: unigram(pre=pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Punctuation()])),
    "Unigram, cut to 6 from the left, filled to multiples of 4": lambda: limited(
        unigram(), truncate={"max_length": 6, "direction": "left"}, pad={"pad_to_multiple_of": 4, "pad_id": 1}
    ),
    "WordLevel, Whitespace": lambda: word_level(pre_tokenizers.Whitespace()),
    "WordLevel, WhitespaceSplit": lambda: word_level(pre_tokenizers.WhitespaceSplit(), normalizers.Lowercase()),
    "WordLevel, nothing added, cut to 3": lambda: limited(word_level(pre_tokenizers.Whitespace(), post=False), truncate={"max_length": 3}),
    **{
        f"WordLevel, Punctuation {behavior}": lambda behavior=behavior: word_level(
            pre_tokenizers.Sequence([pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Punctuation(behavior)])
        )
        for behavior in ("isolated", "removed", "contiguous", "merged_with_previous", "merged_with_next")
    },
    **{
        f"WordLevel, Split {pattern!r} {behavior}{', inverted' if invert else ''}": lambda pattern=pattern, behavior=behavior, invert=invert: word_level(
            split(Regex(pattern[1:-1]) if pattern.startswith("/") else pattern, behavior, invert)
        )
        for pattern in (" ", r"/\s+|-/", r"/\w+/")
        for behavior in ("isolated", "removed", "contiguous", "merged_with_previous", "merged_with_next")
        for invert in (False, True)
        if not (invert and behavior.startswith("merged"))
    },
    "WordLevel, pieces of three": lambda: word_level(pre_tokenizers.FixedLength(3)),
    "BPE, GPT-1's": lambda: char_bpe(pre_tokenizers.BertPreTokenizer(), bert()),
    "BPE, unknown fused": lambda: char_bpe(pre_tokenizers.Sequence([pre_tokenizers.Whitespace(), pre_tokenizers.Punctuation()]), fuse=True),
    "BPE, LLaMA's": lambda: char_bpe(
        None, normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")]), fuse=True, fallback=True
    ),
    "BPE, Metaspace, bytes": lambda: char_bpe(pre_tokenizers.Metaspace(), fuse=True, fallback=True),
    "BPE, Gemma's": lambda: char_bpe(split(" ", "merged_with_previous"), normalizers.Replace(" ", "▁"), fuse=True, fallback=True),
}


def bert_processing(tokenizer):
    ids = {name: tokenizer.token_to_id(name) for name in ("[CLS]", "[SEP]")}
    tokenizer.post_processor = processors.BertProcessing(("[SEP]", ids["[SEP]"]), ("[CLS]", ids["[CLS]"]))
    return tokenizer


print("ANSWER " + json.dumps({"version": version("tokenizers")}), flush=True)
for number, (name, make) in enumerate(MAKERS.items()):
    try:
        home = os.path.join(folder, str(number))
        os.mkdir(home)
        make().save(os.path.join(home, "tokenizer.json"))
        # What is in the file counts, not what this process trained.
        tokenizer = Tokenizer.from_file(os.path.join(home, "tokenizer.json"))
        encoded = [(text, tokenizer.encode(text)) for text in TEXTS]
        cases = [{"text": t, "ids": e.ids, "mask": e.attention_mask, "types": e.type_ids} for t, e in encoded]
        with open(os.path.join(home, "cases.json"), "w") as file:
            json.dump(cases, file)
        print("ANSWER " + json.dumps({"model": name, "exports": {"folder": home}}), flush=True)
    except Exception as error:  # whatever it is, it is the answer
        print("ANSWER " + json.dumps({"model": name, "problem": repr(error)}), flush=True)
