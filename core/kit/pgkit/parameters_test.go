package pgkit

import (
	"testing"

	"github.com/datasync-io/datasync/core/plugintest"
)

// TestParameters asks for each parameter whether it is used, as the lists say.
func TestParameters(t *testing.T) { plugintest.DriverParameters(t, &parameters, PropertyRemarks) }
