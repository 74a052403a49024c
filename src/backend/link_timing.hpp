// The client's times. The defaults are those of the backend contract; tests shorten them.
#pragma once

#include "base/mono_time.hpp"

namespace exitgate {

struct BackendTiming {
  Duration late_answer = std::chrono::seconds{10};  ///< a question is awaited this much longer than confirm_timeout
  Duration reconnect_first = milliseconds{500};     ///< closures stream
  Duration reconnect_longest = std::chrono::seconds{30};
  Duration silence = std::chrono::seconds{45};    ///< closures stream
  Duration warm_retry_first = milliseconds{250};  ///< a warm connection that could not be had
  Duration warm_retry_longest = std::chrono::seconds{5};
  Duration idle_trim = std::chrono::seconds{60};    ///< connections idle beyond the warm ones are closed after this
  Duration proven_after = std::chrono::seconds{1};  ///< quiet after the handshake: our certificate was taken
  Duration lookup = std::chrono::seconds{5};        ///< a host name's resolution
  Duration upload = std::chrono::seconds{30};       ///< one upload, connecting included
  Duration upload_idle = std::chrono::seconds{30};  ///< the uploads' connection is kept this long
  Duration pass_keys = std::chrono::seconds{10};    ///< one fetch, connecting included
  Duration pass_key_period = std::chrono::hours{1};
  Duration pass_key_demand = std::chrono::minutes{1};  ///< at most one fetch on demand in this time
  Duration pass_key_retry_first = std::chrono::seconds{1};
  Duration pass_key_retry_longest = std::chrono::seconds{60};
  Duration refusal_memory =
      std::chrono::seconds{30};  ///< a refusal older than this yields to any proof of the contrary
};

}  // namespace exitgate
