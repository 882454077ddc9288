package main

import (
	"strings"

	"github.com/urfave/cli/v2"
)

// examples are what help shows of the commands.
var examples = map[string][]string{
	"run":        {`datasync -job orders.json -p "day=2026-01-31" -report-file orders.txt`, "datasync run orders.json -resume", "datasync run orders.json items.json customers.json -parallel 2"},
	"check":      {`datasync check orders.json -p "day=2026-01-31"`, "datasync check orders.json -probe", "datasync check *.json -json | jq '.[].faults'"},
	"preview":    {"datasync preview orders.json -n 5", "datasync preview orders.json -json | jq .row"},
	"convert":    {"datasync convert orders.json -o new.json", "datasync convert orders.json | diff orders.json -"},
	"replay":     {"datasync replay bad.jsonl -job orders.json"},
	"plugins":    {"datasync plugins", "datasync plugins mysqlreader", "datasync plugins mysql -json"},
	"schema":     {"datasync schema -o job.schema.json"},
	"state":      {"datasync state list", "datasync state show orders", "datasync state rm orders"},
	"signal":     {"datasync signal orders snapshot shop.items", "datasync signal orders list"},
	"version":    {"datasync version"},
	"completion": {"source <(datasync completion bash)", "datasync completion fish > ~/.config/fish/completions/datasync.fish"},
	"help":       {"datasync help check", "datasync help exit-codes"},
}

// explain gives a command its usage and its examples, as help shows them.
func explain(c *cli.Command) {
	usage := []string{"datasync", c.Name}
	if c.ArgsUsage != "" {
		usage = append(usage, c.ArgsUsage)
	}
	if len(visible(c.Flags)) > 0 {
		usage = append(usage, "[flags]")
	}
	c.UsageText = strings.Join(usage, " ")
	c.Description = strings.Join(examples[c.Name], "\n")
	c.CustomHelpTemplate = strings.Replace(cli.CommandHelpTemplate, "DESCRIPTION:", "EXAMPLES:", 1)
}
