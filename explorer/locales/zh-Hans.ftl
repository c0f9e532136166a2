### 所有中文句子。编号与 en.ftl 相同；测试会核对两个文件与代码一致。

## locales
unknown-language = 没有“{ $language }”这种语言的界面文字。可选：{ $known }。
