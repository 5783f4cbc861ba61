// The page's rules hold here, too.
export { default } from "../../web/eslint.config.js";
