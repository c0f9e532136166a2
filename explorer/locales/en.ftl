### Every English sentence. Ids are shared with zh-Hans.ftl; a test holds the two files and the code together.

## locales
unknown-language = There are no sentences in the language “{ $language }”. Choose one of: { $known }.
