// An OpAMP server on opamp-go's own server package, for test/fleet and `npm run bench -- fleet`. Built by .ci/setup.
// It offers one configuration to all agents, keeps what each last reported, and is driven over HTTP at the address of -control.
package main

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"

	"github.com/open-telemetry/opamp-go/protobufs"
	"github.com/open-telemetry/opamp-go/server"
	"github.com/open-telemetry/opamp-go/server/types"
)

// agent is what one agent last reported.
type agent struct {
	Uid          string            `json:"uid"`
	Identifying  map[string]string `json:"identifying"`
	Others       map[string]string `json:"others"`
	Capabilities uint64            `json:"capabilities"`
	Health       *health           `json:"health"`
	Effective    string            `json:"effective"`
	Hash         string            `json:"hash"`
	Status       string            `json:"status"`
	Error        string            `json:"error"`
	Messages     int               `json:"messages"`
	Connected    bool              `json:"connected"`
	Disconnected bool              `json:"disconnected"`
	sequence     uint64
	connection   types.Connection
}

type health struct {
	Healthy    bool              `json:"healthy"`
	Status     string            `json:"status"`
	LastError  string            `json:"lastError"`
	Components map[string]health `json:"components"`
}

type fleet struct {
	mutex  sync.Mutex
	agents map[string]*agent
	offer  *protobufs.AgentRemoteConfig
	token  string
}

func healthOf(reported *protobufs.ComponentHealth) health {
	components := map[string]health{}
	for name, component := range reported.ComponentHealthMap {
		components[name] = healthOf(component)
	}
	return health{reported.Healthy, reported.Status, reported.LastError, components}
}

func attributes(pairs []*protobufs.KeyValue) map[string]string {
	values := map[string]string{}
	for _, pair := range pairs {
		values[pair.Key] = pair.Value.GetStringValue()
	}
	return values
}

func (f *fleet) take(_ context.Context, connection types.Connection, message *protobufs.AgentToServer) *protobufs.ServerToAgent {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	uid := hex.EncodeToString(message.InstanceUid)
	answer := &protobufs.ServerToAgent{
		InstanceUid:  message.InstanceUid,
		Capabilities: uint64(protobufs.ServerCapabilities_ServerCapabilities_AcceptsStatus | protobufs.ServerCapabilities_ServerCapabilities_OffersRemoteConfig),
	}
	known := f.agents[uid]
	if known == nil {
		known = &agent{Uid: uid}
		f.agents[uid] = known
	}
	lost := known.sequence+1 != message.SequenceNum
	known.sequence, known.connection, known.Connected = message.SequenceNum, connection, true
	known.Messages++
	known.Capabilities = message.Capabilities
	if message.AgentDescription != nil {
		known.Identifying = attributes(message.AgentDescription.IdentifyingAttributes)
		known.Others = attributes(message.AgentDescription.NonIdentifyingAttributes)
		lost = false
	}
	if message.Health != nil {
		reported := healthOf(message.Health)
		known.Health = &reported
	}
	if message.EffectiveConfig != nil {
		known.Effective = string(message.EffectiveConfig.ConfigMap.ConfigMap[""].GetBody())
	}
	if status := message.RemoteConfigStatus; status != nil {
		known.Hash = hex.EncodeToString(status.LastRemoteConfigHash)
		known.Status = status.Status.String()
		known.Error = status.ErrorMessage
	}
	if message.AgentDisconnect != nil {
		known.Disconnected = true
		return answer
	}
	if lost {
		answer.Flags = uint64(protobufs.ServerToAgentFlags_ServerToAgentFlags_ReportFullState)
		return answer
	}
	if f.offer != nil && known.Hash != hex.EncodeToString(f.offer.ConfigHash) {
		answer.RemoteConfig = f.offer
	}
	return answer
}

// send sends a message to every agent that is connected by WebSocket.
func (f *fleet) send(make func(*agent) *protobufs.ServerToAgent) {
	f.mutex.Lock()
	connected := []*agent{}
	for _, each := range f.agents {
		if each.Connected {
			connected = append(connected, each)
		}
	}
	f.mutex.Unlock()
	var group sync.WaitGroup
	for _, each := range connected {
		group.Add(1)
		go func() {
			defer group.Done()
			_ = each.connection.Send(context.Background(), make(each))
		}()
	}
	group.Wait()
}

func uidOf(each *agent) []byte {
	uid, _ := hex.DecodeString(each.Uid)
	return uid
}

func offerOf(files map[string]string) *protobufs.AgentRemoteConfig {
	config := map[string]*protobufs.AgentConfigFile{}
	for name, body := range files {
		config[name] = &protobufs.AgentConfigFile{Body: []byte(body), ContentType: "application/json"}
	}
	text, _ := json.Marshal(files)
	hash := sha256.Sum256(text)
	return &protobufs.AgentRemoteConfig{Config: &protobufs.AgentConfigMap{ConfigMap: config}, ConfigHash: hash[:]}
}

// configure takes a JSON object of files by name, and offers it.
func (f *fleet) configure(writer http.ResponseWriter, request *http.Request) {
	text, _ := io.ReadAll(request.Body)
	files := map[string]string{}
	if err := json.Unmarshal(text, &files); err != nil {
		http.Error(writer, err.Error(), http.StatusBadRequest)
		return
	}
	offer := offerOf(files)
	f.mutex.Lock()
	f.offer = offer
	f.mutex.Unlock()
	fmt.Fprint(writer, hex.EncodeToString(offer.ConfigHash))
	writer.(http.Flusher).Flush()
	f.send(func(each *agent) *protobufs.ServerToAgent {
		return &protobufs.ServerToAgent{InstanceUid: uidOf(each), RemoteConfig: offer}
	})
}

// flood sends as many messages, each with another configuration and a request for the full state.
func (f *fleet) flood(_ http.ResponseWriter, request *http.Request) {
	count, _ := strconv.Atoi(request.URL.Query().Get("count"))
	for index := range count {
		offer := offerOf(map[string]string{"enabled": fmt.Sprintf(`{"enabled":true,"for":"1m","reason":"flood %d"}`, index)})
		f.mutex.Lock()
		f.offer = offer
		f.mutex.Unlock()
		f.send(func(each *agent) *protobufs.ServerToAgent {
			flags := uint64(protobufs.ServerToAgentFlags_ServerToAgentFlags_ReportFullState)
			return &protobufs.ServerToAgent{InstanceUid: uidOf(each), RemoteConfig: offer, Flags: flags}
		})
	}
}

func (f *fleet) list(writer http.ResponseWriter, _ *http.Request) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	agents := []*agent{}
	for _, each := range f.agents {
		agents = append(agents, each)
	}
	_ = json.NewEncoder(writer).Encode(agents)
}

// summarize counts the agents by what they report of the configuration that is offered.
func (f *fleet) summarize(writer http.ResponseWriter, _ *http.Request) {
	f.mutex.Lock()
	defer f.mutex.Unlock()
	counts := map[string]int{"agents": len(f.agents)}
	for _, each := range f.agents {
		if each.Connected {
			counts["connected"]++
		}
		if f.offer != nil && each.Hash == hex.EncodeToString(f.offer.ConfigHash) {
			counts[each.Status]++
		}
	}
	_ = json.NewEncoder(writer).Encode(counts)
}

func (f *fleet) connecting(request *http.Request) types.ConnectionResponse {
	if f.token != "" && request.Header.Get("authorization") != "Bearer "+f.token {
		return types.ConnectionResponse{Accept: false, HTTPStatusCode: http.StatusUnauthorized}
	}
	return types.ConnectionResponse{Accept: true, ConnectionCallbacks: types.ConnectionCallbacks{
		OnMessage: f.take,
		OnConnectionClose: func(connection types.Connection) {
			f.mutex.Lock()
			defer f.mutex.Unlock()
			for _, each := range f.agents {
				if each.connection == connection {
					each.Connected = false
				}
			}
		},
	}}
}

func tlsOf(certificate, key, clientCA string) *tls.Config {
	pair, err := tls.LoadX509KeyPair(certificate, key)
	if err != nil {
		log.Fatal(err)
	}
	config := &tls.Config{Certificates: []tls.Certificate{pair}}
	if clientCA != "" {
		text, err := os.ReadFile(clientCA)
		if err != nil {
			log.Fatal(err)
		}
		config.ClientAuth, config.ClientCAs = tls.RequireAndVerifyClientCert, x509.NewCertPool()
		config.ClientCAs.AppendCertsFromPEM(text)
	}
	return config
}

func main() {
	listen := flag.String("listen", "127.0.0.1:4320", "address for agents")
	control := flag.String("control", "127.0.0.1:4321", "address for the test")
	token := flag.String("token", "", "token that agents must send")
	certificate := flag.String("certificate", "", "PEM file of a certificate; agents connect by TLS")
	key := flag.String("key", "", "PEM file of its private key")
	clientCA := flag.String("client-ca", "", "PEM file of the authority of certificates that agents must show")
	flag.Parse()
	f := &fleet{agents: map[string]*agent{}, token: *token}
	settings := server.StartSettings{ListenEndpoint: *listen}
	settings.Callbacks = types.Callbacks{OnConnecting: f.connecting}
	if *certificate != "" {
		settings.TLSConfig = tlsOf(*certificate, *key, *clientCA)
	}
	if err := server.New(nil).Start(settings); err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.HandleFunc("POST /config", f.configure)
	mux.HandleFunc("POST /flood", f.flood)
	mux.HandleFunc("GET /agents", f.list)
	mux.HandleFunc("GET /summary", f.summarize)
	listener, err := net.Listen("tcp", *control)
	if err != nil {
		log.Fatal(err)
	}
	log.Fatal(http.Serve(listener, mux))
}
