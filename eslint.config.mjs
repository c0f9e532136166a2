import js from "@eslint/js";
import globals from "globals";

const noEval = { "no-eval": "error", "no-implied-eval": "error", "no-new-func": "error" };

export default [
  { ignores: ["**/node_modules/", ".venv/", ".cache/"] },
  js.configs.recommended,
  {
    files: ["explorer/**/*.js"],
    languageOptions: { globals: globals.browser },
    rules: {
      ...noEval,
      eqeqeq: ["error", "always", { null: "ignore" }],
      "no-var": "error",
      "prefer-const": ["error", { destructuring: "all" }],
    },
  },
  {
    // Whatever a view listens to ends with it: `view.listen`, `view.onChange`, `view.onMessage`, `view.onResize`.
    files: ["explorer/widgets/**/*.js"],
    ignores: ["explorer/widgets/js/lib/view.js"],
    rules: {
      "no-restricted-properties": [
        "error",
        { property: "addEventListener", message: "Use view.listen." },
        { object: "model", property: "on", message: "Use view.onChange or view.onMessage." },
        { property: "innerHTML", message: "Text gets into the page as text." },
        { property: "outerHTML", message: "Text gets into the page as text." },
        { property: "insertAdjacentHTML", message: "Text gets into the page as text." },
      ],
      "no-restricted-syntax": [
        "error",
        { selector: "NewExpression[callee.name='ResizeObserver']", message: "Use view.onResize." },
      ],
    },
  },
  { files: ["tests/js/**/*.js"], languageOptions: { globals: { ...globals.browser, ...globals.node } } },
];
