package kafkakit

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io"
	"net"

	"github.com/IBM/sarama"

	"github.com/datasync-io/datasync/core/errclass"
)

// Classify returns err marked with its class. What a broker answers is judged
// by its code (https://kafka.apache.org/protocol#protocol_error_codes); errors
// of the network are [errclass.Transient]. An error that already has a class
// keeps it.
func Classify(err error) error {
	if err == nil || errclass.Of(err) != errclass.Permanent {
		return err
	}
	return errclass.With(classOf(err), err)
}

func classOf(err error) errclass.Class {
	if code, ok := codeOf(err); ok {
		return codeClass(code)
	}
	var config sarama.ConfigurationError
	var unknownCA x509.UnknownAuthorityError
	var host x509.HostnameError
	var verify *tls.CertificateVerificationError
	switch {
	case errors.As(err, &config), errors.As(err, &unknownCA), errors.As(err, &host), errors.As(err, &verify):
		return errclass.Config
	case errors.Is(err, context.Canceled):
		return errclass.Canceled
	case networkFault(err):
		return errclass.Transient
	}
	return errclass.Permanent
}

// codeOf returns what a broker has answered. sarama wraps a refused login in
// another way than other codes.
func codeOf(err error) (code sarama.KError, ok bool) {
	if errors.As(err, &code) {
		return code, true
	}
	if errors.Is(err, sarama.ErrSASLAuthenticationFailed) {
		return sarama.ErrSASLAuthenticationFailed, true
	}
	return 0, false
}

// networkFault tells that no broker has answered: the connection is broken or
// there is none.
func networkFault(err error) bool {
	var net net.Error
	var alert tls.AlertError
	switch {
	case errors.As(err, &alert):
		return false // the other side has looked at what we sent and refuses it
	case errors.As(err, &net), errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.ErrClosedPipe):
		return true
	}
	for _, is := range []error{sarama.ErrOutOfBrokers, sarama.ErrNotConnected, sarama.ErrBrokerNotFound, sarama.ErrIncompleteResponse,
		sarama.ErrControllerNotAvailable, sarama.ErrClosedClient, sarama.ErrInsufficientData} {
		if errors.Is(err, is) {
			return true
		}
	}
	var garbled sarama.PacketDecodingError
	return errors.As(err, &garbled)
}

func codeClass(code sarama.KError) errclass.Class {
	switch code {
	case sarama.ErrUnknownTopicOrPartition, sarama.ErrInvalidTopic, sarama.ErrSASLAuthenticationFailed, sarama.ErrUnsupportedSASLMechanism,
		sarama.ErrIllegalSASLState, sarama.ErrInvalidRequiredAcks:
		return errclass.Config
	case sarama.ErrMessageSizeTooLarge, sarama.ErrMessageSetSizeTooLarge, sarama.ErrInvalidRecord, sarama.ErrInvalidTimestamp:
		return errclass.Data
	case sarama.ErrProducerFenced, sarama.ErrInvalidProducerEpoch, sarama.ErrFencedInstancedId:
		return errclass.Fenced
	case sarama.ErrOffsetOutOfRange:
		return errclass.PositionLost
	case sarama.ErrOutOfOrderSequenceNumber, sarama.ErrUnknownProducerID,
		sarama.ErrInvalidProducerIDMapping: // a new producer begins anew; the last: nothing was written for transactional.id.expiration.ms
		return errclass.Transient
	}
	if retriable(code) {
		return errclass.Transient
	}
	return errclass.Permanent
}

// Denied tells that the brokers do not let this user do something, or cannot do
// it at all, which will be so the next time.
func Denied(err error) bool {
	code, ok := codeOf(err)
	if !ok {
		return false
	}
	switch code {
	case sarama.ErrTopicAuthorizationFailed, sarama.ErrClusterAuthorizationFailed, sarama.ErrTransactionalIDAuthorizationFailed,
		sarama.ErrPolicyViolation, sarama.ErrUnsupportedVersion, sarama.ErrInvalidReplicationFactor:
		return true
	}
	return false
}

// retriable tells the codes after which the same request may succeed.
func retriable(code sarama.KError) bool {
	switch code {
	case sarama.ErrInvalidMessage, // corrupt on the way
		sarama.ErrUnknownTopicOrPartition, // a topic that was there a moment ago: metadata are behind
		sarama.ErrLeaderNotAvailable, sarama.ErrNotLeaderForPartition, sarama.ErrRequestTimedOut, sarama.ErrBrokerNotAvailable,
		sarama.ErrReplicaNotAvailable, sarama.ErrNetworkException, sarama.ErrOffsetsLoadInProgress, sarama.ErrConsumerCoordinatorNotAvailable,
		sarama.ErrNotCoordinatorForConsumer, sarama.ErrNotEnoughReplicas, sarama.ErrNotEnoughReplicasAfterAppend, sarama.ErrNotController,
		sarama.ErrConcurrentTransactions, sarama.ErrKafkaStorageError, sarama.ErrFencedLeaderEpoch, sarama.ErrUnknownLeaderEpoch,
		sarama.ErrPreferredLeaderNotAvailable, sarama.ErrEligibleLeadersNotAvailable, sarama.ErrThrottlingQuotaExceeded:
		return true
	}
	return false
}

// resendable tells whether a batch that was answered with err is to be sent
// again: nobody has answered, or the code says so.
func resendable(err error) bool {
	if code, ok := codeOf(err); ok {
		return retriable(code)
	}
	return networkFault(err)
}

// retriableCode tells that a broker has answered, and that it may answer
// otherwise soon.
func retriableCode(err error) bool {
	code, ok := codeOf(err)
	return ok && retriable(code)
}

// tooLarge tells that the broker refuses a batch for its size, or that it is
// beyond what the protocol carries.
func tooLarge(err error) bool {
	var unsendable sarama.PacketEncodingError
	return errors.Is(err, sarama.ErrMessageSizeTooLarge) || errors.Is(err, sarama.ErrMessageSetSizeTooLarge) || errors.As(err, &unsendable)
}
