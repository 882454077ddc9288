package kafkakit

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"github.com/IBM/sarama"

	"github.com/datasync-io/datasync/core/errclass"
)

func TestClassify(t *testing.T) {
	refused := &net.OpError{Op: "dial", Err: syscall.ECONNREFUSED}
	for _, tt := range []struct {
		err  error
		want errclass.Class
	}{
		{sarama.ErrNotLeaderForPartition, errclass.Transient},
		{sarama.ErrNotEnoughReplicas, errclass.Transient},
		{sarama.ErrOutOfOrderSequenceNumber, errclass.Transient},
		{sarama.ErrUnknownProducerID, errclass.Transient},
		{sarama.ErrInvalidProducerIDMapping, errclass.Transient},
		{sarama.ErrUnknownTopicOrPartition, errclass.Config},
		{sarama.ErrSASLAuthenticationFailed, errclass.Config},
		{sarama.ErrTopicAuthorizationFailed, errclass.Permanent},
		{sarama.ErrClusterAuthorizationFailed, errclass.Permanent},
		{sarama.ErrMessageSizeTooLarge, errclass.Data},
		{sarama.ErrProducerFenced, errclass.Fenced},
		{sarama.ErrOffsetOutOfRange, errclass.PositionLost},
		{fmt.Errorf("x: %w", io.EOF), errclass.Transient},
		{sarama.Wrap(sarama.ErrOutOfBrokers, refused), errclass.Transient},
		{sarama.Wrap(sarama.ErrOutOfBrokers, sarama.ErrSASLAuthenticationFailed), errclass.Config},
		{sarama.Wrap(sarama.ErrOutOfBrokers, x509.UnknownAuthorityError{}), errclass.Config},
		{sarama.ConfigurationError("x"), errclass.Config},
		{context.Canceled, errclass.Canceled},
		{errors.New("x"), errclass.Permanent},
		{errclass.With(errclass.Data, io.EOF), errclass.Data},
	} {
		if got := errclass.Of(Classify(tt.err)); got != tt.want {
			t.Errorf("%v: got %v, want %v", tt.err, got, tt.want)
		}
	}
	if Classify(nil) != nil {
		t.Error("nil became an error")
	}
}
