// Puts the Design System's script beside our stylesheet, without the pointer to a source map that we do not serve.
import { mkdir, readFile, writeFile } from "node:fs/promises";

const from = new URL("../../node_modules/govuk-frontend/dist/govuk/govuk-frontend.min.js", import.meta.url);
const folder = new URL("../build/", import.meta.url);

const script = await readFile(from, "utf8");
await mkdir(folder, { recursive: true });
await writeFile(new URL("govuk-frontend.min.js", folder), script.replace(/\/\/# sourceMappingURL=.*/, ""));
