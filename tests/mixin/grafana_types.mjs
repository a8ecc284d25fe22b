// Writes the rendered dashboards as TypeScript with the types of Grafana, which the compiler then checks:
// grafana_types.mjs DASHBOARDS FILE.ts
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const [folder, file] = process.argv.slice(2);

// The kinds of panels, and where Grafana defines their options.
const kinds = {
  bargauge: "bargauge/panelcfg/x/BarGaugePanelCfg",
  stat: "stat/panelcfg/x/StatPanelCfg",
  "state-timeline": "statetimeline/panelcfg/x/StateTimelinePanelCfg",
  table: "table/panelcfg/x/TablePanelCfg",
  timeseries: "timeseries/panelcfg/x/TimeSeriesPanelCfg",
};
// These have no custom field settings.
const withoutCustom = ["bargauge", "stat"];

const lines = [
  'import type { Dashboard, DataQuery, Panel, RowPanel, VariableModel } from "@grafana/schema";',
];
const word = (kind) => kind.replace("-", "_");
for (const [kind, path] of Object.entries(kinds)) {
  lines.push(`import type * as ${word(kind)} from "@grafana/schema/dist/esm/raw/composable/${path}_types.gen.d.ts";`);
}
// JSON has enumerators as texts, which the compiler does not accept as enumerators.
lines.push(`
type Plain<T> = T extends string ? \`\${T}\`
  : T extends number | boolean | null | undefined ? T
  : T extends Array<infer Item> ? Plain<Item>[]
  : T extends object ? { [Key in keyof T]: Plain<T[Key]> }
  : T;
// What the Prometheus data source adds to a query; the package lacks its types.
interface PrometheusQuery extends DataQuery {
  expr: string;
  legendFormat: string;
  range: boolean;
  instant: boolean;
  editorMode: "code" | "builder";
  format?: "time_series" | "table" | "heatmap";
}
`);

let count = 0;
const check = (type, value) => lines.push(`export const value${++count}: ${type} = ${JSON.stringify(value, null, 1)};`);

function checkPanel(panel) {
  const kind = kinds[panel.type];
  if (!kind) throw new Error(`${panel.title}: no type is known of the kind ${panel.type}`);
  const { options, fieldConfig, targets, ...rest } = panel;
  const { custom = {}, ...defaults } = fieldConfig.defaults;
  check("Plain<Panel>", { ...rest, fieldConfig: { defaults, overrides: fieldConfig.overrides } });
  check(`Plain<${word(panel.type)}.Options>`, options);
  if (withoutCustom.includes(panel.type)) {
    if (Object.keys(custom).length > 0) throw new Error(`${panel.title}: its kind has no custom settings`);
  } else {
    check(`Plain<Partial<${word(panel.type)}.FieldConfig>>`, custom);
  }
  for (const target of targets) check("Plain<PrometheusQuery>", target);
}

const names = readdirSync(folder).filter((name) => name.endsWith(".json"));
for (const name of names) {
  const { panels, templating, ...rest } = JSON.parse(readFileSync(join(folder, name), "utf8"));
  lines.push(`// ${name}`);
  check("Plain<Dashboard>", rest);
  for (const variable of templating.list) check("Plain<VariableModel>", variable);
  for (const panel of panels) {
    if (panel.type === "row") check("Plain<RowPanel>", panel);
    else checkPanel(panel);
  }
}
writeFileSync(file, lines.join("\n") + "\n");
console.log(`${names.length} dashboards, ${count} values`);
