package replay

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"go.opentelemetry.io/collector/pdata/plog"
	"go.opentelemetry.io/collector/pdata/plog/plogotlp"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/otelcol-defender/otelcol-defender/internal/refusal"
)

const (
	requestTimeout = 30 * time.Second
	maxAnswerBytes = 1 << 20
)

// What became of a letter that was not acknowledged.
var (
	// ErrRefused: the receiver will not take this letter.
	ErrRefused = errors.New("refused")
	// ErrStop: the receiver takes no letter.
	ErrStop = errors.New("the endpoint takes nothing")
	// errLater: the receiver may take it later.
	errLater = errors.New("not taken for the moment")
)

// Sender sends one letter. Its errors wrap ErrRefused, ErrStop, or are passing ones.
type Sender interface {
	Send(ctx context.Context, logs plog.Logs) error
	Close() error
}

// NewSender makes a sender for an endpoint: http:// and https:// speak OTLP/HTTP (/v1/logs is added to a URL without a
// path), grpc:// and grpcs:// OTLP/gRPC, without and with TLS.
func NewSender(endpoint string, headers map[string]string, tlsConfig *tls.Config) (Sender, error) {
	u, err := url.Parse(endpoint)
	if err != nil || u.Host == "" || u.User != nil {
		return nil, errors.New("the endpoint must be a URL such as http://127.0.0.1:4318 or grpc://127.0.0.1:4317, without a user")
	}
	switch u.Scheme {
	case "http", "https":
		if strings.Trim(u.Path, "/") == "" {
			u.Path = "/v1/logs"
		}
		transport := &http.Transport{Proxy: http.ProxyFromEnvironment, TLSClientConfig: tlsConfig, ForceAttemptHTTP2: true}
		return &httpSender{target: u.String(), headers: headers, client: refusal.Staying(&http.Client{Timeout: requestTimeout, Transport: transport})}, nil
	case "grpc", "grpcs":
		secured := insecure.NewCredentials()
		if u.Scheme == "grpcs" {
			secured = credentials.NewTLS(tlsConfig)
		}
		conn, err := grpc.NewClient(u.Host, grpc.WithTransportCredentials(secured))
		if err != nil {
			return nil, fmt.Errorf("prepare the connection to %s: %w", u.Host, err)
		}
		return &grpcSender{conn: conn, client: plogotlp.NewGRPCClient(conn), headers: metadata.New(headers)}, nil
	default:
		return nil, fmt.Errorf("the endpoint's scheme is %q: write http, https, grpc or grpcs", u.Scheme)
	}
}

type httpSender struct {
	target  string
	headers map[string]string
	client  *http.Client
}

func (s *httpSender) Close() error {
	s.client.CloseIdleConnections()
	return nil
}

func (s *httpSender) Send(ctx context.Context, logs plog.Logs) error {
	body, err := plogotlp.NewExportRequestFromLogs(logs).MarshalProto()
	if err != nil {
		return fmt.Errorf("%w: encode the request: %w", ErrRefused, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.target, bytes.NewReader(body))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrStop, err)
	}
	for key, value := range s.headers {
		request.Header.Set(key, value)
	}
	request.Header.Set("Content-Type", "application/x-protobuf")
	response, err := s.client.Do(request)
	if err != nil {
		return fmt.Errorf("%w: %w", errLater, err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxAnswerBytes))
	if response.StatusCode >= 200 && response.StatusCode < 300 {
		if err != nil {
			return fmt.Errorf("%w: read the answer: %w", errLater, err)
		}
		return ofAnswer(response.Header.Get("Content-Type"), answer)
	}
	return fmt.Errorf("%w: status %d: %s", ofStatus(response.StatusCode), response.StatusCode, refusal.Text(readable(answer)))
}

func readable(answer []byte) string {
	return strings.TrimSpace(strings.ToValidUTF8(string(answer), ""))
}

func ofStatus(code int) error {
	switch {
	case slices.Contains([]int{
		http.StatusRequestTimeout, http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable,
		http.StatusGatewayTimeout,
	}, code):
		return errLater
	case slices.Contains([]int{http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnprocessableEntity}, code), code >= 500:
		return ErrRefused
	default:
		return ErrStop // a login, a wrong path, a redirect: of no letter's doing
	}
}

// ofAnswer reads a partial success: a letter has one record, so one that is rejected is the letter.
func ofAnswer(contentType string, answer []byte) error {
	response := plogotlp.NewExportResponse()
	var err error
	if strings.HasPrefix(contentType, "application/json") {
		err = response.UnmarshalJSON(answer)
	} else {
		err = response.UnmarshalProto(answer)
	}
	if err != nil {
		return fmt.Errorf("%w: the answer is not that of an OTLP receiver (%s)", ErrStop, refusal.Text(contentType))
	}
	return ofPartial(response.PartialSuccess())
}

func ofPartial(p plogotlp.ExportPartialSuccess) error {
	if p.RejectedLogRecords() > 0 {
		return fmt.Errorf("%w: partial success: %s", ErrRefused, refusal.Text(p.ErrorMessage()))
	}
	return nil
}

type grpcSender struct {
	conn    *grpc.ClientConn
	client  plogotlp.GRPCClient
	headers metadata.MD
}

func (s *grpcSender) Close() error { return s.conn.Close() }

func (s *grpcSender) Send(ctx context.Context, logs plog.Logs) error {
	ctx, cancel := context.WithTimeout(metadata.NewOutgoingContext(ctx, s.headers), requestTimeout)
	defer cancel()
	response, err := s.client.Export(ctx, plogotlp.NewExportRequestFromLogs(logs))
	if err == nil {
		return ofPartial(response.PartialSuccess())
	}
	return fmt.Errorf("%w: %s: %s", ofCode(status.Code(err)), status.Code(err), refusal.Text(status.Convert(err).Message()))
}

func ofCode(code codes.Code) error {
	switch code {
	case codes.Unavailable, codes.ResourceExhausted, codes.DeadlineExceeded, codes.Aborted, codes.OutOfRange, codes.DataLoss, codes.Canceled:
		return errLater
	case codes.Unauthenticated, codes.PermissionDenied, codes.Unimplemented, codes.NotFound:
		return ErrStop
	default:
		return ErrRefused
	}
}
