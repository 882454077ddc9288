package metric

import (
	"math"
	"time"
)

// Part is a report and how long it took.
type Part struct {
	Report
	Took time.Duration
}

// Merge returns one report of parts that ran one after the other: counts are
// added up, rates and shares of time are means over the whole time, and texts
// stand one after the other with commas between them.
func Merge(parts []Part) Report {
	var all Report
	var whole time.Duration
	for _, p := range parts {
		whole += p.Took
	}
	for _, p := range parts {
		weight := 0.0
		if whole > 0 {
			weight = float64(p.Took) / float64(whole)
		}
		all.Accumulators = merged(all.Accumulators, p.Accumulators, 1)
		all.Rates = merged(all.Rates, p.Rates, weight)
		all.TimeShares = merged(all.TimeShares, p.TimeShares, weight)
	}
	for i := range all.Rates {
		all.Rates[i].Value = math.Round(all.Rates[i].Value.(float64))
	}
	for i := range all.TimeShares {
		all.TimeShares[i].Value = math.Round(all.TimeShares[i].Value.(float64)*1000) / 1000
	}
	return all
}

// merged adds entries to those of the same name; floats by weight.
func merged(sum, more Entries, weight float64) Entries {
	for _, e := range more {
		if f, ok := e.Value.(float64); ok {
			e.Value = f * weight
		}
		at := -1
		for i := range sum {
			if sum[i].Name == e.Name {
				at = i
			}
		}
		if at < 0 {
			sum = append(sum, e)
			continue
		}
		switch v := e.Value.(type) {
		case int64:
			sum[at].Value = sum[at].Value.(int64) + v
		case float64:
			sum[at].Value = sum[at].Value.(float64) + v
		case string:
			sum[at].Value = sum[at].Value.(string) + "," + v
		}
	}
	return sum
}
