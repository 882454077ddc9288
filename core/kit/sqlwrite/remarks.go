package sqlwrite

import (
	"fmt"

	"github.com/datasync-io/datasync/core/config"
)

// Remarks implements [config.Remarker]: constants are the reader's, as in FlinkX.
func (k *Keys) Remarks() []config.Remark {
	var all []config.Remark
	for i := range k.Column {
		if _, constant := k.Column[i].Constant(); constant {
			all = append(all, config.Remark{Key: fmt.Sprintf("column[%d].value", i), Text: "has no effect: constants belong to the reader's columns"})
		}
	}
	return all
}
