# What a command of a Stillroom pipeline is given, and how it tells what it does. Base R alone.
#
#   source(Sys.getenv("STILLROOM_R"))
#
#   for (epoch in seq_len(params$epochs)) {
#     ...
#     metric("loss", loss, step = epoch)
#     progress(epoch, params$epochs)
#     save_checkpoint(function(folder) saveRDS(state, file.path(folder, "state.rds")))
#   }
#
# Outside a pipeline nothing is written anywhere: params, inputs and outputs are empty lists.

local({
  # The text that a JSON string stands for.
  unescaped <- function(token) {
    text <- substr(token, 2L, nchar(token) - 1L)
    if (!grepl("\\", text, fixed = TRUE)) return(text)
    found <- gregexpr("\\\\(?:u[dD][89abAB][0-9a-fA-F]{2}\\\\u[0-9a-fA-F]{4}|u[0-9a-fA-F]{4}|.)", text, perl = TRUE)
    letter <- function(escape) {
      if (substr(escape, 2L, 2L) != "u")
        return(switch(substr(escape, 2L, 2L), n = "\n", t = "\t", r = "\r", b = "\b", f = "\f", substr(escape, 2L, 2L)))
      code <- strtoi(substr(escape, 3L, 6L), 16L)
      # A letter beyond the first plane is written as two.
      if (nchar(escape) == 12L) code <- 0x10000L + (code - 0xD800L) * 0x400L + (strtoi(substr(escape, 9L, 12L), 16L) - 0xDC00L)
      intToUtf8(code)
    }
    regmatches(text, found)[[1]] <- vapply(regmatches(text, found)[[1]], letter, "")
    text
  }

  # Reads JSON as the values of R: a list of numbers, or of texts, is a vector, any other a list; null is NULL.
  parse_json <- function(text) {
    Encoding(text) <- "UTF-8"
    pattern <- "\"[^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+\"|[-+.0-9A-Za-z]+|[][{}:,]"
    tokens <- regmatches(text, gregexpr(pattern, text, perl = TRUE))[[1]]
    at <- 1L
    # Members of a mapping or elements of a list, up to the sign that closes them.
    members <- function(close, read) {
      found <- list()
      while (tokens[at] != close) {
        found <- c(found, read())
        if (tokens[at] == ",") at <<- at + 1L
      }
      at <<- at + 1L
      found
    }
    member <- function() {
      name <- unescaped(tokens[at])
      at <<- at + 2L
      setNames(list(value()), name)
    }
    value <- function() {
      token <- tokens[at]
      at <<- at + 1L
      if (startsWith(token, "\"")) return(unescaped(token))
      if (token == "{") return(members("}", member))
      if (token == "[") {
        found <- members("]", function() list(value()))
        plain <- function(is_kind) length(found) > 0 && all(vapply(found, function(one) is_kind(one) && length(one) == 1, TRUE))
        return(if (plain(is.numeric) || plain(is.character) || plain(is.logical)) unlist(found) else found)
      }
      switch(token, true = TRUE, false = FALSE, null = NULL, as.numeric(token))
    }
    value()
  }

  json_text <- function(words) {
    words <- enc2utf8(as.character(words))
    for (pair in list(c("\\", "\\\\"), c("\"", "\\\""), c("\n", "\\n"), c("\r", "\\r"), c("\t", "\\t")))
      words <- gsub(pair[1], pair[2], words, fixed = TRUE)
    paste0("\"", gsub("[[:cntrl:]]", " ", words), "\"")
  }
  number <- function(value, what) {
    if (!is.numeric(value) || length(value) != 1) stop(what, " is no number: ", paste(deparse(value), collapse = " "), call. = FALSE)
    if (is.nan(value) || is.na(value)) return("NaN")
    if (is.infinite(value)) return(if (value > 0) "Infinity" else "-Infinity")
    format(value, digits = 17, scientific = abs(value) >= 1e15 || (value != 0 && abs(value) < 1e-4))
  }
  events <- Sys.getenv("STILLROOM_EVENTS")
  # One event in one piece, so that several processes can tell at once.
  tell <- function(line) if (nzchar(events)) cat(line, "\n", file = events, sep = "", append = TRUE)

  given_text <- Sys.getenv("STILLROOM_GIVEN")
  if (!nzchar(given_text) && nzchar(events))
    stop("what the node is given is too long for stillroom.R: read it from the variables of the environment", call. = FALSE)
  given <- if (nzchar(given_text)) parse_json(given_text) else list(params = list(), inputs = list(), outputs = list())
  paths <- function(values) {
    lapply(values, function(one) {
      if (is.character(one)) return(normalizePath(one, mustWork = FALSE))
      vapply(one, function(element) normalizePath(element$path, mustWork = FALSE), "")
    })
  }

  ours <- list(
    params = given$params,
    inputs = paths(given$inputs),
    outputs = paths(given$outputs),
    # The folder of the newest whole checkpoint; NULL: the work begins.
    checkpoint = if (nzchar(Sys.getenv("STILLROOM_RESUME_FROM"))) Sys.getenv("STILLROOM_RESUME_FROM"),
    # Records a number; with a step a point of a curve, whose last one counts.
    metric = function(name, value, step = NULL) {
      at <- if (is.null(step)) "" else paste0(",\"step\":", number(step, paste("the step of", name)))
      tell(paste0("{\"metric\":", json_text(name), ",\"value\":", number(value, paste("the metric", name)), at, "}"))
    },
    # Says how far the work is.
    progress = function(done, total, note = NULL) {
      noted <- if (is.null(note)) "" else paste0(",\"note\":", json_text(note))
      tell(paste0("{\"progress\":[", number(done, "done"), ",", number(total, "total"), "]", noted, "}"))
    },
    # Adds a line to the node's log.
    log_line = function(line) tell(paste0("{\"log\":", json_text(line), "}")),
    # Says something that whoever runs the pipeline should see.
    warn = function(message) tell(paste0("{\"warning\":", json_text(message), "}")),
    # Gives an empty folder to write into; it becomes the newest checkpoint when `write` has ended without an error.
    save_checkpoint = function(write) {
      root <- Sys.getenv("STILLROOM_CHECKPOINT")
      folder <- tempfile("new-", if (nzchar(root)) root else tempdir())
      dir.create(folder, recursive = TRUE)
      write(folder)
      if (nzchar(root)) tell(paste0("{\"checkpoint\":", json_text(basename(folder)), "}"))
      else unlink(folder, recursive = TRUE)
      invisible(NULL)
    }
  )
  # Where `source` is called, which need not be the global environment.
  for (name in names(ours)) assign(name, ours[[name]], envir = parent.env(environment()))
  if (is.null(ours$checkpoint)) assign("checkpoint", NULL, envir = parent.env(environment()))
})
