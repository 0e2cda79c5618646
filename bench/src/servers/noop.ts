import { noopApp } from "../noop-app.ts";
import { serve } from "../serve.ts";

const [form, style] = process.argv.slice(2);
await serve(await noopApp(form, style));
