import { lineApp } from "../line-app.ts";
import { serve } from "../serve.ts";

const [form] = process.argv.slice(2);
await serve(await lineApp(form));
